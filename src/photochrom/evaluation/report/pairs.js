/** Is A really better than B? Paired differences with their intervals, as a forest. */

import { choice, h, s, section } from "./dom.js";
import { counted, interval, isNumber, listed, percent, sentence, signed, withUnit } from "./format.js";
import { candidates, mainRow, metricNamed, models, pairOf, report, rows, verdict, wins } from "./data.js";

const WIDTH = 240;
const HEIGHT = 30;

/** Null where no pairs were taken. */
export function pairs() {
  const taken = new Set((report.pairs ?? []).flatMap((pair) => [pair.a, pair.b]));
  const names = rows.map((row) => row.name).filter((name) => taken.has(name));
  if (names.length < 2) return null;
  const competing = [...models.map((model) => mainRow(model).name), ...candidates.map((row) => row.name)];
  const first = [...competing.filter((name) => taken.has(name)), ...names];
  const state = { a: first[0], b: first.find((name) => name !== first[0]) };
  const place = h("div", { "aria-live": "polite" });
  const controls = h("div", { class: "both" });
  const draw = () => {
    const pick = (key) => (name) => {
      if (state[key === "a" ? "b" : "a"] === name) [state.a, state.b] = [state.b, state.a];
      state[key] = name;
      draw();
    };
    const options = names.map((name) => [name, name]);
    const swap = h("button", { type: "button", "aria-label": "Swap A and B", onclick: () => pick("a")(state.b) }, "⇄");
    controls.replaceChildren(choice("A", options, state.a, pick("a")), swap, choice("B", options, state.b, pick("b")));
    place.replaceChildren(...comparison(state.a, state.b));
  };
  draw();
  return section(
    "Pairs",
    "Is one better than the other?",
    h(
      "p",
      { class: "lead" },
      "The same pictures, coloured twice: differences picture by picture, so that easy and hard pictures cancel.",
    ),
    controls,
    place,
  );
}

function comparison(a, b) {
  const taken = Object.entries(pairOf(a, b) ?? {})
    .map(([name, pair]) => ({ metric: metricNamed(name), pair }))
    .filter(({ metric, pair }) => metric && isNumber(pair.mean));
  const found = taken.filter(({ pair }) => isNumber(pair.low));
  if (!found.length) {
    const reason = taken.length ? "Too few pictures to tell: five are needed." : "No metric was taken of both.";
    return [h("p", { class: "notice" }, reason)];
  }
  const head = ["Metric", "B better ← → A better", "A − B, towards better", "Better picture by picture", "So"];
  return [
    summed(found),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": `${a} compared with ${b}` },
      h(
        "table",
        { class: "data forest" },
        h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, found.map(({ metric, pair }) => line(a, b, metric, pair))),
      ),
    ),
    h(
      "p",
      { class: "note" },
      "Whiskers: 95 % bootstrap intervals, each line on a scale of its own. One is called better only where the ",
      "interval leaves out zero. Each metric is judged by itself: of equals, one in twenty is still called better."
    ),
  ];
}

/** What can be said of all metrics together, in a few plain lines. */
function summed(found) {
  const kinds = [
    [1, "a", "A is better", " by "],
    [-1, "b", "B is better", " by "],
    [0, "open", "These pictures cannot tell", " which is better by "],
  ];
  const lines = kinds.map(([wanted, kind, words, by]) => {
    const titles = found.filter(({ pair }) => verdict(pair) === wanted).map(({ metric }) => metric.title);
    return titles.length ? h("li", { class: kind }, h("b", {}, words), `${by}${listed(titles)}.`) : null;
  });
  return h("ul", { class: "verdict" }, lines);
}

function line(a, b, metric, pair) {
  const told = verdict(pair);
  const words = { 1: "A is better", "-1": "B is better", 0: "cannot be told" }[told];
  const kind = { 1: "a", "-1": "b", 0: "open" }[told];
  return h(
    "tr",
    { class: kind },
    h("th", { scope: "row" }, sentence(metric.title)),
    h("td", {}, forest(pair)),
    h(
      "td",
      { class: "number" },
      h("span", { class: "value" }, withUnit(signed(pair.mean, metric.places), metric.unit)),
      h("span", { class: "range" }, interval(pair, metric.places, signed)),
    ),
    h("td", {}, shares(a, b, metric, pair)),
    h("td", { class: "told" }, words),
  );
}

function forest({ mean, low, high }) {
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const x = (value) => WIDTH / 2 + (value / reach) * (WIDTH / 2 - 8);
  const y = HEIGHT / 2;
  return s(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" },
    s("line", { class: "zero", x1: WIDTH / 2, x2: WIDTH / 2, y1: 0, y2: HEIGHT }),
    s("line", { class: "reach", x1: x(low), x2: x(high), y1: y, y2: y }),
    [low, high].map((end) => s("line", { class: "reach", x1: x(end), x2: x(end), y1: y - 5, y2: y + 5 })),
    s("rect", { class: "mean", x: x(mean) - 5, y: y - 5, width: 10, height: 10 }),
  );
}

/** How many pictures each wins; counted from the values themselves, or the share that was stored. */
function shares(a, b, metric, pair) {
  const { a: forA, b: forB, equal, n } = wins(a, b, metric);
  if (!n) return isNumber(pair.share) ? `A on ${percent(pair.share)}` : "";
  const words = [`A on ${percent(forA / n)}: ${forA} of ${counted(n, "picture")}`];
  if (equal) words.push(`equal on ${equal}`);
  const css = { "--a": `${(100 * forA) / n}%`, "--b": `${(100 * forB) / n}%` };
  return [
    h("span", { class: "shares", css, "aria-hidden": "true" }),
    h("span", { class: "range" }, `${words.join(", ")}`),
  ];
}
