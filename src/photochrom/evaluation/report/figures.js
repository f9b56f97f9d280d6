/** The table of figures: rows by metrics, the best marked, and what cannot be told from the best. */

import { explained, h, section, segments, tick } from "./dom.js";
import { fixed, grouped, interval, isNumber, percent, sentence, signed, withUnit } from "./format.js";
import { GRAY, candidates, colorOf, direction, metrics, pairOf, report, rowNamed, rows, rowSwatch, verdict } from "./data.js";
import { sortable } from "./table.js";

// More than these beside each other are read by nobody; the others are a click away.
const COLUMNS_AT_FIRST = 10;

/** Columns beside the metrics themselves: what is compared with the truths' own value. */
const DERIVED = [
  {
    name: "colorfulness_ratio",
    title: "CF ÷ truth",
    unit: "",
    places: 2,
    nearest: 1,
    summary: "mean colourfulness over that of the truths; 1 is as colourful as they are",
  },
  {
    name: "colorfulness_difference",
    title: "ΔCF",
    unit: "",
    places: 1,
    nearest: 0,
    write: signed,
    summary: "mean colourfulness less that of the truths",
  },
  {
    name: "semantic_recovered",
    title: "class gap given back",
    unit: "",
    places: 0,
    better: "higher",
    write: percent,
    summary: "how much of what a classifier loses on grey pictures it has again on the coloured ones",
  },
];

/** Null if nothing was measured. */
export function figures() {
  const all = { values: valueColumns(), gain: gainColumns() };
  if (!all.values.length) return null;
  const state = { mode: "values", hidden: hiddenAtFirst(all.values) };
  const place = h("div", {});
  const chooser = h("details", { class: "chooser" });
  const draw = () => {
    const columns = all[state.mode].filter((column) => !state.hidden.has(column.name));
    place.replaceChildren(sortable("Means over the pictures.", [nameColumn(), ...columns.map(column)], rows, rowClass));
    chooser.firstChild?.replaceChildren(`Columns: ${columns.length} of ${all[state.mode].length}`);
  };
  const choose = () => {
    chooser.replaceChildren(h("summary", {}), chooserOf(all[state.mode], state.hidden, draw));
    draw();
  };
  choose();
  const modes = [
    ["values", "Values"],
    ["gain", "Gain over grey"],
  ];
  const turn = (mode) => {
    state.mode = mode;
    choose();
  };
  return section(
    "Figures",
    "Figures",
    h(
      "div",
      { class: "controls" },
      all.gain.length ? segments("What the table shows", modes, "values", turn) : null,
      chooser,
    ),
    place,
    legend(),
    glossary(all.values),
  );
}

function valueColumns() {
  const own = metrics.map((metric) => ({ ...metric, of: (row) => row.metrics?.[metric.name] }));
  const derived = DERIVED.map((one) => ({ ...one, of: (row) => row[one.name], derived: true }));
  return [...own, ...derived].filter((column) => rows.some((row) => isNumber(column.of(row)?.mean)));
}

function gainColumns() {
  return metrics
    .filter((metric) => metric.better)
    .map((metric) => ({ ...metric, better: "higher", write: signed, of: (row) => row.gain?.[metric.name] }))
    .filter((column) => rows.some((row) => isNumber(column.of(row)?.mean)));
}

/** With many columns: those after the first few, but never what says how colourful the results are. */
function hiddenAtFirst(columns) {
  if (columns.length <= COLUMNS_AT_FIRST + 2) return new Set();
  const kept = new Set(columns.slice(0, COLUMNS_AT_FIRST).map((column) => column.name));
  return new Set(
    columns.map((column) => column.name).filter((name) => !kept.has(name) && name !== "colorfulness_ratio"),
  );
}

function chooserOf(columns, hidden, onchange) {
  const boxes = columns.map((column) =>
    tick(sentence(column.title), !hidden.has(column.name), (wanted) => {
      if (wanted) hidden.delete(column.name);
      else hidden.add(column.name);
      onchange();
    }),
  );
  const all = (wanted) => () => {
    for (const box of boxes) if (box.firstChild.checked !== wanted) box.firstChild.click();
  };
  return h(
    "div",
    { class: "panel" },
    h("div", { class: "ticks" }, boxes),
    h("button", { type: "button", onclick: all(true) }, "All"),
    h("button", { type: "button", onclick: all(false) }, "None"),
  );
}

function nameColumn() {
  return {
    label: "Row",
    first: "ascending",
    rowHead: true,
    value: (row) => row.name,
    cell: (row) => h("div", { class: "named" }, rowSwatch(row.name), h("span", {}, row.name, tag(row))),
  };
}

function tag(row) {
  const words = { reference: "reference", results: "another program" };
  return words[row.kind] ? h("small", {}, words[row.kind]) : null;
}

const rowClass = (row) => (row.kind === "reference" ? "reference" : null);

function column(one) {
  const best = bestOf(one);
  const [low, high] = extent(one);
  return {
    label: one.title,
    head: [
      h("span", {}, sentence(one.title)),
      h("small", {}, [one.unit, arrow(one)].filter(Boolean).join(" ") || "\u00a0"),
    ],
    explain: (button) => explained(button, [sentence(one.title), ...words(one)]),
    class: "number",
    first: one.better === "lower" ? "ascending" : "descending",
    value: (row) => one.of(row)?.mean,
    cell: (row) => cell(one, row, best, low, high),
  };
}

function arrow(one) {
  if (one.better === "higher") return "↑";
  if (one.better === "lower") return "↓";
  return one.nearest === undefined ? "" : `→ ${one.nearest}`;
}

function words(one) {
  const toward = one.nearest === undefined ? direction(one) : `the nearer to ${one.nearest} the better`;
  return [`${sentence(one.summary)}.`, `${sentence(toward)}.`];
}

/** The row that is best of those that compete, as printed; null if there is nothing to choose from. */
function bestOf(one) {
  const there = candidates.filter((row) => isNumber(one.of(row)?.mean));
  if (there.length < 2 || (!one.better && one.nearest === undefined)) return null;
  const cost = (row) => {
    const { mean } = one.of(row);
    if (one.nearest !== undefined) return Math.abs(mean - one.nearest);
    return one.better === "lower" ? mean : -mean;
  };
  return there.reduce((best, row) => (cost(row) < cost(best) ? row : best));
}

/** Where the whiskers of a column begin and end; the other references lie far outside and have none. */
function extent(one) {
  const drawn = [rowNamed(GRAY), ...candidates].filter(Boolean);
  const ends = drawn.map(one.of).filter((estimate) => isNumber(estimate?.low) && isNumber(estimate?.high));
  return [Math.min(...ends.map((estimate) => estimate.low)), Math.max(...ends.map((estimate) => estimate.high))];
}

function cell(one, row, best, low, high) {
  const estimate = one.of(row);
  if (!isNumber(estimate?.mean)) return { content: fixed(null), attributes: { class: "none" } };
  const write = one.write === percent ? (value) => percent(value) : (one.write ?? fixed);
  const text = write(estimate.mean, one.places);
  const competes = best !== null && row.kind !== "reference";
  const isBest = competes && text === write(one.of(best).mean, one.places);
  const isTied = competes && !isBest && cannotTell(best, row, one);
  const few = isNumber(estimate.n) && (one.set || estimate.n !== report.pictures);
  const content = [
    h("span", { class: "value" }, text, isBest ? h("b", {}, "best") : null, isTied ? h("i", {}, "≈") : null),
    h("span", { class: "range" }, interval(estimate, one.places, write)),
    whisker(estimate, low, high, colorOf(row.name)),
    few ? h("span", { class: "range" }, `n ${grouped(estimate.n)}`) : null,
  ];
  const title = isTied ? `these pictures cannot tell it from ${best.name}` : null;
  return { content, attributes: { class: isBest ? "best" : null, title } };
}

/** Whether the paired interval between a row and the best holds nothing. */
function cannotTell(best, row, one) {
  const pair = one.derived ? null : pairOf(best.name, row.name)?.[one.name];
  return Boolean(pair) && isNumber(pair.low) && verdict(pair) === 0;
}

function whisker({ mean, low, high }, from, to, color) {
  if (!isNumber(low) || !isNumber(high) || !(to > from) || low < from || high > to) return null;
  const at = (value) => `${((100 * (value - from)) / (to - from)).toFixed(2)}%`;
  const css = { "--from": at(low), "--to": at(high), "--at": at(mean) };
  return h("span", { class: `whisker ${color}`, css, "aria-hidden": "true" });
}

function legend() {
  const parts = ["In brackets: 95 % bootstrap intervals of the mean over the pictures; below them the same, drawn."];
  if (candidates.length > 1) {
    parts.push("Best: of the rows that compete, as printed; references do not.");
    if (report.pairs?.length) parts.push("≈: these pictures cannot tell it from the best.");
  }
  return h("p", { class: "note" }, parts.join(" "));
}

function glossary(columns) {
  const entries = columns.map((one) => [
    h("dt", {}, sentence(one.title), one.unit ? ` (${withUnit("", one.unit).trim() || one.unit})` : null),
    h("dd", {}, words(one).join(" ")),
  ]);
  return h("details", { class: "glossary" }, h("summary", {}, "What the figures mean"), h("dl", {}, entries));
}
