/** Properties of models: how far their odds can be trusted, what hints are worth, how steady they are. */

import { h } from "./dom.js";
import { fixed, interval, isNumber, percent, sentence } from "./format.js";
import { models, modelColor, report, settingOf } from "./data.js";
import { chart } from "./charts.js";
import { around } from "./scales.js";

/** Charts, as many as there is something to draw for. */
export function properties() {
  const measured = report.properties ?? {};
  const known = { calibration: [reliability, coverage], hints: [hints], stability: [stability] };
  return Object.entries(measured).flatMap(([name, byModel]) => {
    const there = Object.entries(byModel ?? {}).filter(([, one]) => one);
    if (!there.length) return [];
    return (known[name] ?? [(found) => other(name, found)]).map((draw) => draw(there)).filter(Boolean);
  });
}

const markOf = (model) => Math.max(0, models.indexOf(model));

/** At which setting each model was asked, where the choice of colours has a part in it. */
function takenAt(there) {
  const words = there.filter(([model]) => settingOf(model)).map(([model]) => `${model} at ${settingOf(model)}`);
  return words.length ? ` Measured of ${words.join(", ")}.` : "";
}

const shareAxis = (label) => ({ label, domain: [0, 1], marks: [0, 0.2, 0.4, 0.6, 0.8, 1], write: (value) => percent(value) });

function reliability(there) {
  const found = there.filter(([, one]) => one.curve?.length);
  if (!found.length) return null;
  const words = found.map(([model, one]) => `${model}: expected calibration error ${percent(one.ece, 1)} ${interval(one, 1, percent)}`.trim());
  return chart({
    title: "Is it as sure as it should be?",
    note: `On the line, what is held for 60 % likely is right in 60 % of cases. The larger a mark, the more places of the pictures. ${words.join("; ")}.`,
    x: shareAxis("how likely the model holds its first choice"),
    y: shareAxis("how often it is right"),
    diagonal: true,
    legend: true,
    series: found.map(([model, one]) => ({
      name: model,
      color: modelColor(model),
      mark: markOf(model),
      line: true,
      points: one.curve.filter((point) => isNumber(point.accuracy) && isNumber(point.confidence)).map((point) => ({
        x: point.confidence,
        y: point.accuracy,
        size: 3 + 9 * Math.sqrt(point.share ?? 0),
        tip: [model, `held for ${percent(point.confidence)} likely, right in ${percent(point.accuracy)}`, `${percent(point.share, 1)} of all places`],
      })),
    })),
    table: {
      head: ["Model", "Held likely", "Right", "Share of places"],
      rows: found.flatMap(([model, one]) => one.curve.map((point) => [model, percent(point.confidence), percent(point.accuracy), percent(point.share, 1)])),
    },
  });
}

function coverage(there) {
  const found = there.filter(([, one]) => one.coverage?.length);
  if (!found.length) return null;
  return chart({
    title: "Does a set of likely colours hold the true one?",
    note: "The smallest set of colours that together are held for so likely, and how often the true one is in it.",
    x: shareAxis("likelihood of the set"),
    y: shareAxis("sets that hold the true colour"),
    diagonal: true,
    legend: true,
    series: found.map(([model, one]) => ({
      name: model,
      color: modelColor(model),
      mark: markOf(model),
      line: true,
      points: one.coverage.filter((point) => isNumber(point.got)).map((point) => ({
        x: point.wanted,
        y: point.got,
        ...(isNumber(point.low) ? { low: point.low, high: point.high } : {}),
        tip: [model, `${percent(point.wanted)} wanted, ${percent(point.got, 1)} got ${interval(point, 1, percent)}`, `${fixed(point.bins, 1)} colours in a set on average`],
      })),
    })),
    table: {
      head: ["Model", "Wanted", "Got", "Colours in a set"],
      rows: found.flatMap(([model, one]) => one.coverage.map((point) => [model, percent(point.wanted), percent(point.got, 1), fixed(point.bins, 1)])),
    },
  });
}

function hints(there) {
  const series = there.flatMap(([model, one]) =>
    [["asked", "where the model asks"], ["random", "anywhere"]]
      .filter(([kind]) => one[kind]?.length)
      .map(([kind, words], i) => hintSeries(model, words, i, one.clicks, one[kind])),
  );
  if (!series.length) return null;
  const all = series.flatMap((one) => one.points);
  const clicks = [...new Set(all.map((point) => point.x))].sort((a, b) => a - b);
  return chart({
    title: "What a few clicks are worth",
    note: "True colours given at single points: anywhere, or where hints are suggested. Bands are 95 % intervals." + takenAt(there),
    x: { label: "clicks", domain: [0, Math.max(...clicks)], kind: "root", marks: clicks, write: String },
    y: { label: "PSNR (dB)", domain: around(all.flatMap((point) => [point.low, point.high, point.y].filter(isNumber))) },
    series,
    table: {
      head: ["Model and place", ...clicks.map((count) => `${count}`)],
      rows: series.map((one) => [one.name, ...one.points.map((point) => `${fixed(point.y, 2)} ${interval(point, 2)}`)]),
    },
  });
}

function hintSeries(model, words, dash, clicks, estimates) {
  const points = estimates
    .map((estimate, i) => ({ ...estimate, x: clicks[i], y: estimate?.mean }))
    .filter((point) => isNumber(point.y))
    .map(({ x, y, low, high }) => ({
      x,
      y,
      ...(isNumber(low) ? { low, high } : { low: y, high: y }),
      tip: [`${model}, ${words}`, `${x} clicks: ${fixed(y, 2)} dB ${interval({ low, high }, 2)}`],
    }));
  return { name: `${model}, ${words}`, color: modelColor(model), mark: dash, dash, line: true, band: true, points };
}

function stability(there) {
  const alone = { mirrored: "mirrored", copies: "copies of 192 and 512" };
  const found = there.filter(([, one]) => one.pairs || isNumber(one.mirrored));
  if (!found.length) return null;
  const kinds = [...new Set(found.flatMap(([, one]) => Object.keys(one.pairs ?? {})))];
  const lone = Object.keys(alone).filter((key) => found.some(([, one]) => isNumber(one[key])));
  const lanes = [...kinds, ...lone.map((key) => alone[key])];
  const valueOf = (one, lane) => one.pairs?.[lane] ?? one[lone.find((key) => alone[key] === lane)];
  const series = found.map(([model, one]) => ({
    name: model,
    color: modelColor(model),
    mark: markOf(model),
    points: lanes
      .map((lane, i) => ({ lane, x: valueOf(one, lane), y: lanes.length - 1 - i + 0.32 }))
      .filter((point) => isNumber(point.x))
      .map(({ lane, x, y }) => ({ x, y, size: 5.5, tip: [model, `${lane}: ΔE2000 ${fixed(x, 2)}`] })),
  }));
  const means = found
    .filter(([, one]) => isNumber(one.mean?.mean))
    .map(([model, one]) => `${model}: ${fixed(one.mean.mean, 2)} ${interval(one.mean, 2)} in the mean`);
  return chart({
    title: "Is it steady?",
    note: `How far the colours of one picture move when the network looks at it in another size, when it is mirrored, and when a small copy of it is coloured in its stead. ${means.join("; ")}.${takenAt(found)}`,
    x: { label: "mean ΔE2000 between the two results", domain: around(series.flatMap((one) => one.points.map((point) => point.x)), [0]) },
    y: { domain: [0, lanes.length], lanes },
    height: lanes.length * 36 + 66,
    legend: true,
    series,
    table: {
      head: ["Sizes", ...found.map(([model]) => model)],
      rows: lanes.map((lane) => [lane, ...found.map(([, one]) => fixed(valueOf(one, lane), 2))]),
    },
  });
}

/** A property that this page has no drawing for: its numbers. */
function other(name, found) {
  const keys = [...new Set(found.flatMap(([, one]) => Object.keys(one)))].filter((key) =>
    found.some(([, one]) => text(one[key]) !== null),
  );
  if (!keys.length) return null;
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("h3", {}, sentence(name.replaceAll("_", " ")))),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": name },
      h(
        "table",
        { class: "data small" },
        h("thead", {}, h("tr", {}, ["Model", ...keys].map((key, i) => h("th", { scope: "col", class: i ? "number" : null }, key)))),
        h("tbody", {}, found.map(([model, one]) =>
          h("tr", {}, h("th", { scope: "row" }, model), keys.map((key) => h("td", { class: "number" }, text(one[key]) ?? "–"))),
        )),
      ),
    ),
  );
}

function text(value) {
  if (isNumber(value)) return Number.isInteger(value) ? String(value) : fixed(value, 3);
  if (isNumber(value?.mean)) return `${fixed(value.mean, 3)} ${interval(value, 3)}`.trim();
  return null;
}
