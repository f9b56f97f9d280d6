/** One kind of chart, drawn as SVG at the width there is: lines, bands, points, areas and rules. */

import { h, hideTip, s, showTip, swatch } from "./dom.js";
import { fixed, percent } from "./format.js";
import { decades, placesOf, scale, ticks } from "./scales.js";

const MARGIN = { top: 14, right: 16, bottom: 44, left: 58 };
const MARKS = ["circle", "square", "triangle", "diamond"];
// How near the pointer must come to a point, in pixels.
const REACH = 32;

/**
 * A figure with its title, legend and data as a table.
 *
 * title, note: above it, the second in small letters
 * x, y: {label, domain, kind: "linear" | "root" | "log" (of shares), marks, write}; y.lanes: names of horizontal strips
 * series: {name, color, dash, mark, off, points, line, band, area, cloud}; `off` hides it until asked for;
 *   points: {x, y, low, high, left, right, size, label, tip, open} with tip as lines of text
 * rules: {x or y, label}: lines across; diagonal: whether x = y is drawn
 * table: {head, rows}, or nothing if the report has the same numbers in another table
 */
export function chart(spec) {
  const hidden = new Set(spec.series.filter((one) => one.off).map((one) => one.name));
  const paper = h("div", { class: "paper" });
  const draw = () => paper.clientWidth && paper.replaceChildren(drawing(spec, hidden, paper.clientWidth));
  const figure = h(
    "figure",
    { class: `chart ${spec.wide ? "wide" : ""}` },
    h("figcaption", {}, h("h3", {}, spec.title), spec.note ? h("p", {}, spec.note) : null),
    spec.controls ?? null,
    paper,
    (spec.legend ?? spec.series.length > 1) ? legend(spec, hidden, draw) : null,
    spec.table ? asTable(spec) : null,
  );
  new ResizeObserver(draw).observe(paper);
  return figure;
}

function legend(spec, hidden, draw) {
  const entry = (one) => {
    const button = h(
      "button",
      {
        type: "button",
        "aria-pressed": String(!hidden.has(one.name)),
        onclick: () => {
          if (!hidden.delete(one.name)) hidden.add(one.name);
          button.setAttribute("aria-pressed", String(!hidden.has(one.name)));
          draw();
        },
      },
      key(one),
      one.name,
    );
    return button;
  };
  return h("div", { class: "legend", role: "group", "aria-label": "Show or hide" }, spec.series.map(entry));
}

function key(one) {
  if (!one.line) return one.mark ? keyDrawing(one, false) : swatch(one.color);
  return keyDrawing(one, true);
}

function keyDrawing(one, withLine) {
  return s(
    "svg",
    { class: `key ${one.color}`, viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true" },
    withLine ? s("path", { class: `line dash${one.dash ?? 0}`, d: "M1 6H25" }) : null,
    one.mark === undefined ? null : mark(one.mark, 13, 6, 4),
  );
}

function asTable({ title, table }) {
  return h(
    "details",
    { class: "numbers" },
    h("summary", {}, "As a table"),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      h(
        "table",
        { class: "data small" },
        h("thead", {}, h("tr", {}, table.head.map((text, i) => h("th", { scope: "col", class: i ? "number" : null }, text)))),
        h(
          "tbody",
          {},
          table.rows.map(([first, ...rest]) =>
            h("tr", {}, h("th", { scope: "row" }, first), rest.map((text) => h("td", { class: "number" }, text))),
          ),
        ),
      ),
    ),
  );
}

function drawing(spec, hidden, width) {
  const left = spec.y.lanes ? 12 : MARGIN.left;
  const height = spec.height ?? Math.round(Math.max(260, Math.min(360, width * 0.66)));
  const frame = { left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
  const place = {
    x: scale(spec.x.kind ?? "linear", spec.x.domain, [frame.left, frame.right]),
    y: scale(spec.y.kind ?? "linear", spec.y.domain, [frame.bottom, frame.top]),
  };
  const visible = spec.series.filter((one) => !hidden.has(one.name));
  const svg = s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": described(spec), tabindex: "0" },
    axes(spec, place, frame),
    rules(spec, place, frame),
    visible.map((one) => areaOf(one, place, frame)),
    visible.map((one) => bandOf(one, place)),
    visible.map((one) => lineOf(one, place)),
    visible.map((one) => pointsOf(one, place)),
    labels(visible, place, frame),
  );
  return pointing(svg, visible, place);
}

function described({ title, note, x, y }) {
  const axis = (one) => (one.lanes ? one.lanes.join(", ") : one.label);
  return `${title}. ${note ?? ""} Across: ${axis(x)}. Up: ${axis(y)}.`;
}

function axes({ x, y }, place, frame) {
  const across = x.marks ?? marksOf(x, (frame.right - frame.left) / 80);
  const up = y.lanes ? [] : (y.marks ?? marksOf(y, (frame.bottom - frame.top) / 50));
  const writeX = x.write ?? writer(x, across);
  const writeY = y.write ?? writer(y, up);
  const middle = (frame.top + frame.bottom) / 2;
  return s(
    "g",
    { class: "axes" },
    across.map((value) => s("line", { class: "grid", x1: place.x(value), x2: place.x(value), y1: frame.top, y2: frame.bottom })),
    up.map((value) => s("line", { class: "grid", x1: frame.left, x2: frame.right, y1: place.y(value), y2: place.y(value) })),
    s("line", { class: "base", x1: frame.left, x2: frame.right, y1: frame.bottom, y2: frame.bottom }),
    across.map((value) => s("text", { class: "mark", x: place.x(value), y: frame.bottom + 16, "text-anchor": "middle" }, writeX(value))),
    up.map((value) => s("text", { class: "mark", x: frame.left - 8, y: place.y(value) + 4, "text-anchor": "end" }, writeY(value))),
    (y.lanes ?? []).map((name, i) => s("text", { class: "lane", x: frame.left, y: place.y(y.lanes.length - i) + 15 }, name)),
    s("text", { class: "name", x: (frame.left + frame.right) / 2, y: frame.bottom + 36, "text-anchor": "middle" }, x.label),
    y.label ? s("text", { class: "name", transform: `translate(14 ${middle}) rotate(-90)`, "text-anchor": "middle" }, y.label) : null,
  );
}

function marksOf({ kind, domain: [low, high] }, count) {
  return kind === "log" ? decades(low, high) : ticks(low, high, count);
}

function writer({ kind }, marks) {
  if (kind === "log") return (share) => percent(share, Math.max(0, -2 - Math.round(Math.log10(share))));
  const places = placesOf(marks);
  return (value) => fixed(value, places);
}

function rules({ rules: lines, diagonal, x, y }, place, frame) {
  const drawn = (lines ?? []).map(({ x: across, y: up, label }) =>
    across === undefined
      ? [
          s("line", { class: "rule", x1: frame.left, x2: frame.right, y1: place.y(up), y2: place.y(up) }),
          s("text", { class: "aside", x: frame.right - 4, y: place.y(up) - 6, "text-anchor": "end" }, label),
        ]
      : [
          s("line", { class: "rule", x1: place.x(across), x2: place.x(across), y1: frame.top, y2: frame.bottom }),
          s("text", { class: "aside", x: place.x(across) - 6, y: frame.top + 10, "text-anchor": "end" }, label),
        ],
  );
  if (!diagonal) return drawn;
  const [low, high] = [Math.max(x.domain[0], y.domain[0]), Math.min(x.domain[1], y.domain[1])];
  return [drawn, s("line", { class: "rule", x1: place.x(low), y1: place.y(low), x2: place.x(high), y2: place.y(high) })];
}

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

function areaOf(one, place, frame) {
  if (!one.area) return null;
  const top = one.points.map((point) => [place.x(point.x), place.y(point.y)]);
  const [first, last] = [top[0][0], top.at(-1)[0]];
  return s("path", { class: `area ${one.color}`, d: `${path([[first, frame.bottom], ...top, [last, frame.bottom]])}Z` });
}

function bandOf(one, place) {
  if (!one.band) return null;
  const high = one.points.map((point) => [place.x(point.x), place.y(point.high)]);
  const low = one.points.map((point) => [place.x(point.x), place.y(point.low)]).reverse();
  return s("path", { class: `band ${one.color}`, d: `${path([...high, ...low])}Z` });
}

function lineOf(one, place) {
  if (!one.line) return null;
  const points = one.points.map((point) => [place.x(point.x), place.y(point.y)]);
  return s("path", { class: `line ${one.color} dash${one.dash ?? 0}`, d: path(points) });
}

function pointsOf(one, place) {
  if (one.cloud) {
    // One path for all, for there may be thousands: a line of no length has round ends.
    const dots = one.points.map((point) => `M${place.x(point.x).toFixed(1)} ${place.y(point.y).toFixed(1)}h0`);
    return s("path", { class: `cloud ${one.color}`, d: dots.join("") });
  }
  if (one.mark === undefined) return null;
  return s("g", { class: one.color }, one.points.map((point) => pointOf(one, point, place)));
}

function pointOf(one, point, place) {
  const [x, y] = [place.x(point.x), place.y(point.y)];
  const whisker = (from, to) => s("line", { class: "whisker-line", x1: from[0], y1: from[1], x2: to[0], y2: to[1] });
  return [
    point.low === undefined || one.band ? null : whisker([x, place.y(point.low)], [x, place.y(point.high)]),
    point.left === undefined ? null : whisker([place.x(point.left), y], [place.x(point.right), y]),
    mark(one.mark, x, y, point.size ?? 4.5),
  ];
}

function mark(index, x, y, r) {
  const kind = MARKS[index % MARKS.length];
  if (kind === "circle") return s("circle", { class: "mark-shape", cx: x, cy: y, r });
  if (kind === "square") return s("rect", { class: "mark-shape", x: x - r * 0.9, y: y - r * 0.9, width: r * 1.8, height: r * 1.8 });
  const [half, up] = kind === "triangle" ? [r * 1.15, r * 1.2] : [r * 1.25, r * 1.25];
  const corners = [[x, y - up], [x + half, kind === "triangle" ? y + r * 0.9 : y]];
  if (kind === "diamond") corners.push([x, y + up]);
  corners.push([x - half, kind === "triangle" ? y + r * 0.9 : y]);
  return s("path", { class: "mark-shape", d: `${path(corners)}Z` });
}

/** Words beside points, where there is paper left; a word that would cover another stays away. */
function labels(visible, place, frame) {
  const points = visible.flatMap((one) => one.points).filter((point) => point.label);
  const taken = points.map((point) => boxAt(place.x(point.x) - 5, place.y(point.y) + 5, 10, 10));
  return points.map((point) => {
    const [x, y, width] = [place.x(point.x), place.y(point.y), 7 * point.label.length];
    const spots = [[x + 8, y - 8], [x - 8 - width, y - 8], [x + 8, y + 18], [x - 8 - width, y + 18]];
    const free = spots.find(([left, foot]) => {
      const box = boxAt(left, foot, width, 12);
      return left > frame.left && left + width < frame.right && !taken.some((other) => overlap(box, other));
    });
    if (!free) return null;
    taken.push(boxAt(...free, width, 12));
    return s("text", { class: "label", x: free[0], y: free[1] }, point.label);
  });
}

const boxAt = (left, foot, width, height) => ({ left, right: left + width, top: foot - height, foot });

const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.foot && b.top < a.foot;

/** Tooltips: of the point nearest to the pointer, or of the one that the arrow keys have come to. */
function pointing(svg, visible, place) {
  const spots = visible.flatMap((one) =>
    one.points.filter((point) => point.tip).map((point) => ({ point, x: place.x(point.x), y: place.y(point.y) })),
  );
  const ring = s("circle", { class: "ring", r: 8, visibility: "hidden" });
  svg.append(ring);
  let current = -1;
  const show = (index) => {
    current = index;
    const spot = spots[index];
    ring.setAttribute("visibility", spot ? "visible" : "hidden");
    if (!spot) return hideTip();
    ring.setAttribute("cx", spot.x);
    ring.setAttribute("cy", spot.y);
    const box = svg.getBoundingClientRect();
    return showTip(spot.point.tip, box.left + spot.x, box.top + spot.y);
  };
  const find = (event) => {
    const box = svg.getBoundingClientRect();
    const away = (spot) => Math.hypot(spot.x - event.clientX + box.left, spot.y - event.clientY + box.top);
    const nearest = spots.reduce((best, spot, i) => (best < 0 || away(spot) < away(spots[best]) ? i : best), -1);
    show(nearest >= 0 && away(spots[nearest]) < REACH ? nearest : -1);
  };
  svg.addEventListener("pointermove", find);
  svg.addEventListener("pointerdown", find);
  svg.addEventListener("pointerleave", () => show(-1));
  svg.addEventListener("blur", () => show(-1));
  svg.addEventListener("click", () => spots[current]?.point.open?.());
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Enter") spots[current]?.point.open?.();
    if (!step || !spots.length) return;
    event.preventDefault();
    show((current + step + spots.length) % spots.length);
  });
  return svg;
}
