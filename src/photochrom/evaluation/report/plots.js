/** What the figures look like: the trade-off of faithful and vivid, spreads, and histograms of colour. */

import { choice, h, section } from "./dom.js";
import { fixed, interval, isNumber, sentence, signed, withUnit } from "./format.js";
import {
  GRAY,
  TRUTH,
  candidates,
  colorOf,
  files,
  gainText,
  mainRow,
  metricNamed,
  metrics,
  modelColor,
  models,
  report,
  roundOf,
  rows,
  rowsOf,
  shortName,
  valueOf,
} from "./data.js";
import { chart } from "./charts.js";
import { around } from "./scales.js";
import { properties } from "./properties.js";

const LANE = 46;
// A share of pixels below this is a handful of them.
const RAREST = 1e-5;

/** Null where nothing can be drawn. `open(file)` shows a picture. */
export function plots(open) {
  const drawn = [tradeOff(), ...histograms(), ...properties(), distribution(open)].filter(Boolean);
  return drawn.length ? section("Plots", "Plots", h("div", { class: "plots" }, drawn)) : null;
}

/** A chart that is drawn anew when another metric is chosen for it. */
function withMetric(label, choices, draw) {
  if (!choices.length) return null;
  const place = h("div", { class: "chart-place" });
  const show = (name) => {
    const metric = metricNamed(name);
    const options = choices.map((one) => [one.name, sentence(one.title)]);
    const pick = (wanted) => {
      show(wanted);
      place.querySelector("select").focus({ preventScroll: true });
    };
    const controls = choices.length > 1 ? choice(label, options, name, pick) : null;
    place.replaceChildren(chart({ ...draw(metric), controls }));
  };
  show(choices[0].name);
  return place;
}

function tradeOff() {
  const placed = candidates.filter((row) => isNumber(row.colorfulness_ratio?.mean));
  // A single point trades nothing.
  if (placed.length < 2) return null;
  const taken = metrics.filter((metric) => placed.some((row) => isNumber(row.gain?.[metric.name]?.mean)));
  return withMetric("Gain of", taken, (metric) => {
    const there = placed.filter((row) => isNumber(row.gain?.[metric.name]?.mean));
    const series = models
      .map((model, i) => tradeOffSeries(model, i, metric, there))
      .filter((one) => one.points.length);
    const all = series.flatMap((one) => one.points);
    return {
      title: "Faithful or vivid",
      note: "Up: nearer to the truth than grey is. Right: more colourful. Points of a line are settings of vividness.",
      x: { label: "colourfulness ÷ that of the truth", domain: around(all.flatMap((p) => [p.x, p.left ?? p.x, p.right ?? p.x]), [0, 1]) },
      y: { label: withUnit(`gain over grey by ${metric.title}`, metric.unit && `(${metric.unit})`), domain: around(all.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]), [0]) },
      wide: true,
      rules: [{ y: 0, label: "grey" }, { x: 1, label: "as colourful as the truth" }],
      series,
      legend: true,
    };
  });
}

function tradeOffSeries(model, i, metric, there) {
  const own = rowsOf(model).filter((row) => there.includes(row));
  const points = own.map((row) => {
    const [gain, ratio] = [row.gain[metric.name], row.colorfulness_ratio];
    const told = isNumber(row.vividness) && own.length > 1;
    return {
      x: ratio.mean,
      y: gain.mean,
      ...(isNumber(gain.low) ? { low: gain.low, high: gain.high } : {}),
      ...(isNumber(ratio.low) ? { left: ratio.low, right: ratio.high } : {}),
      label: told ? shortName(row) : null,
      tip: [
        row.name,
        `gain ${withUnit(gainText(gain.mean, metric), metric.unit)} ${interval(gain, metric.places, signed)}`,
        `colourfulness ÷ truth ${fixed(ratio.mean, 2)} ${interval(ratio, 2)}`,
      ],
    };
  });
  return { name: model, color: modelColor(model), mark: i, line: own.length > 1, points };
}

function distribution(open) {
  const there = (metric) => files.some((file) => candidates.some((row) => valueOf(file, row.name, metric.name) !== null));
  const taken = metrics.filter((metric) => !metric.set && there(metric));
  return withMetric("Metric", taken, (metric) => {
    const grey = rows.filter((row) => row.name === GRAY);
    const strips = [...grey, ...candidates]
      .map((row) => ({ row, values: valuesOf(row.name, metric.name) }))
      .filter(({ values }) => values.length);
    const all = strips.flatMap(({ values }) => values.map(({ value }) => value));
    const unit = metric.unit && `(${metric.unit})`;
    return {
      title: "Picture by picture",
      note: "A dot is a picture, the mark their mean. Clicking a dot shows its picture, if it is on this page.",
      wide: true,
      height: strips.length * LANE + 66,
      x: { label: withUnit(sentence(metric.title), unit), domain: around(all, [], 0.02) },
      y: { domain: [0, strips.length], lanes: strips.map(({ row }) => row.name) },
      series: strips.flatMap((strip, i) => stripSeries(strip, strips.length - 1 - i, metric, open)),
      legend: false,
    };
  });
}

const valuesOf = (row, metric) =>
  files
    .map((file) => ({ file, value: valueOf(file, row, metric) }))
    .filter(({ value }) => value !== null);

function stripSeries({ row, values }, lane, metric, open) {
  const color = colorOf(row.name);
  const points = values.map(({ file, value }, i) => ({
    x: value,
    // The golden ratio spreads neighbours evenly, and the same each time.
    y: lane + 0.12 + 0.44 * ((i * 0.618034) % 1),
    tip: [file.name, `${row.name}: ${withUnit(fixed(value, metric.places), metric.unit)}`],
    open: () => open(file.name),
  }));
  const estimate = row.metrics?.[metric.name];
  const mean = isNumber(estimate?.mean) ? [meanPoint(row, estimate, lane, metric)] : [];
  return [
    { name: row.name, color, cloud: true, points },
    { name: `${row.name}, mean`, color, mark: 3, points: mean },
  ];
}

function meanPoint(row, estimate, lane, metric) {
  const text = `${withUnit(fixed(estimate.mean, metric.places), metric.unit)} ${interval(estimate, metric.places)}`;
  const ends = isNumber(estimate.low) ? { left: estimate.low, right: estimate.high } : {};
  return { x: estimate.mean, y: lane + 0.34, size: 6, tip: [`${row.name}: mean`, text], ...ends };
}

function histograms() {
  const { edges, ...planes } = report.histograms ?? {};
  if (!edges) return [];
  const axes = { a: "a: green ← → red", b: "b: blue ← → yellow" };
  return Object.keys(axes)
    .filter((plane) => planes[plane] && Object.keys(planes[plane]).length)
    .map((plane) => histogram(axes[plane], edges, planes[plane], plane));
}

function histogram(label, edges, shares, plane) {
  const mains = models.map((model) => mainRow(model).name);
  const names = [TRUTH, ...candidates.map((row) => row.name)].filter((name) => shares[name]);
  const used = names.flatMap((name) => edges.slice(0, -1).filter((_, i) => shares[name][i] >= RAREST));
  const step = edges[1] - edges[0];
  const domain = [Math.min(...used, 0) - step, Math.max(...used, 0) + 2 * step];
  const points = (name) =>
    shares[name]
      .map((share, i) => ({ x: (edges[i] + edges[i + 1]) / 2, y: Math.max(share, RAREST), share }))
      // Beyond the last that occurs, one more brings the line down; the others would lie along the axis.
      .filter((_, i) => [i - 1, i, i + 1].some((near) => shares[name][near] >= RAREST))
      .map(({ x, y, share }) => ({
        x,
        y,
        tip: [name, `${plane} from ${fixed(x - step / 2, 0)} to ${fixed(x + step / 2, 0)}`, `${fixed(100 * share, 3)} % of pixels`],
      }));
  const series = names.map((name) => ({
    name,
    color: colorOf(name),
    dash: roundOf(name),
    line: true,
    area: name === TRUTH,
    off: name !== TRUTH && !mains.includes(name),
    points: points(name),
  }));
  return chart({
    title: `How often each ${plane} occurs`,
    note: "Shares of all pixels, on a scale of powers of ten: what is rare is what dull results lack.",
    x: { label, domain },
    y: { label: "share of pixels", domain: [RAREST, 1], kind: "log" },
    series,
  });
}
