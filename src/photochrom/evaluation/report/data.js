/** The report as it was written, and the questions that several parts of the page ask of it. */

import { swatch } from "./dom.js";
import { compared, isNumber, signed } from "./format.js";

const COLORS = 8;

/** The row of the picture without colour, whose picture is called the input. */
export const GRAY = "grey";
export const INPUT = "input";
export const TRUTH = "truth";

export const report = JSON.parse(document.getElementById("report-data").textContent);
const pictures = JSON.parse(document.getElementById("picture-data").textContent);

export const metrics = report.metrics ?? [];
export const rows = report.rows ?? [];
export const files = report.files ?? [];
export const shown = report.shown ?? [];

/** Rows that compete; the references show what their figures are worth. */
export const candidates = rows.filter((row) => row.kind !== "reference");

const byName = new Map(rows.map((row) => [row.name, row]));
const titles = new Map(metrics.map((metric) => [metric.name, metric]));

export const rowNamed = (name) => byName.get(name);
export const metricNamed = (name) => titles.get(name);

/** The data URI of a picture's path. */
export const imageAt = (path) => pictures.data[pictures.at[path]];

/** Rows of the same model, from dull to vivid. */
export function rowsOf(model) {
  return candidates.filter((row) => modelOf(row) === model).sort((a, b) => compared(a.vividness, b.vividness));
}

/** Who made a row: its model, or the program whose results it is. */
export function modelOf(row) {
  return row.model ?? row.name;
}

/** Everyone who competes, once, in the order of the table. */
export const models = [...new Set(candidates.map(modelOf))];

const about = new Map((report.models ?? []).map((model) => [model.name, model]));

/** The row that stands for a model where only one can. */
export function mainRow(model) {
  const own = candidates.filter((row) => modelOf(row) === model);
  return own.find((row) => row.name === about.get(model)?.row) ?? own[0];
}

/** How its colours were chosen where its properties were measured; "" if nobody says. */
export const settingOf = (model) => about.get(model)?.setting ?? "";

const mains = models.map((model) => mainRow(model).name);
const order = [...mains, ...candidates.map((row) => row.name).filter((name) => !mains.includes(name))];

/** The class that gives a row its colour, the same in every plot; references are grey. */
export function colorOf(name) {
  const place = order.indexOf(name);
  return place < 0 ? "s-reference" : `s${place % COLORS}`;
}

/** The n-th time round the colours, which lines show by their dashes. */
export const roundOf = (name) => Math.max(0, Math.floor(order.indexOf(name) / COLORS));

export const modelColor = (model) => (models.includes(model) ? colorOf(mainRow(model).name) : "s-reference");

/** A row's dot, which is hollow where its colour is there for the second time. */
export const rowSwatch = (name) => swatch(roundOf(name) ? `${colorOf(name)} again` : colorOf(name));

/** A metric's value of one picture; null where it has none. */
export function valueOf(file, row, metric) {
  const value = file.values?.[row]?.[metric];
  return isNumber(value) ? value : null;
}

/** The paired difference of a over b, positive where a is better; null if it was not taken. */
export function pairOf(a, b) {
  const pairs = report.pairs ?? [];
  const found = pairs.find((pair) => pair.a === a && pair.b === b);
  if (found) return found.metrics;
  const turned = pairs.find((pair) => pair.a === b && pair.b === a);
  return turned ? Object.fromEntries(Object.entries(turned.metrics).map(([name, one]) => [name, reversed(one)])) : null;
}

function reversed({ mean, low, high, n }) {
  return { mean: -mean, low: -high, high: -low, n };
}

/** 1: surely above nothing; −1: surely below; 0: the interval holds nothing, so it cannot be told. */
export function verdict({ low, high }) {
  return low > 0 ? 1 : high < 0 ? -1 : 0;
}

/** On how many pictures a is better than b, b than a, and neither. */
export function wins(a, b, metric) {
  const sign = metric.better === "lower" ? -1 : 1;
  const count = { a: 0, b: 0, equal: 0, n: 0 };
  for (const file of files) {
    const [one, other] = [valueOf(file, a, metric.name), valueOf(file, b, metric.name)];
    if (one === null || other === null) continue;
    const difference = sign * (one - other);
    count[difference > 0 ? "a" : difference < 0 ? "b" : "equal"] += 1;
    count.n += 1;
  }
  return count;
}

/** "higher is better", for people. */
export function direction(metric) {
  if (metric.better) return `${metric.better} is better`;
  return "the nearer to the truth’s own value the better";
}

/** A setting in a few letters, for a point of a line. */
export const shortName = (row) => (isNumber(row.vividness) ? String(row.vividness) : row.name);

/** A gain as text with its unit left out. */
export const gainText = (value, metric) => signed(value, metric.places);
