/** Where the figures come from: files with their hashes and values, models, versions; and what failed. */

import { choice, copyButton, h, section } from "./dom.js";
import { counted, fixed, grouped, isNumber, sentence, withUnit } from "./format.js";
import { files, metrics, report, rows, rowSwatch, shown, valueOf } from "./data.js";
import { sortable } from "./table.js";

const HASH = /^[0-9a-f]{40,}$/;
const HASH_SHOWN = 10;

/** Null if everything could be measured. */
export function failures() {
  const list = report.failures ?? [];
  if (!list.length) return null;
  const columns = [
    { label: "File", first: "ascending", rowHead: true, value: (one) => one.file, cell: (one) => one.file },
    { label: "Of", first: "ascending", value: (one) => one.model, cell: (one) => one.model ?? "every row" },
    { label: "Why", first: "ascending", value: (one) => one.reason, cell: (one) => one.reason },
  ];
  return section(
    "Failures",
    "What could not be measured",
    h("p", { class: "lead" }, "A picture that one row has no result for is left out for all of them, so that all stand on the same pictures."),
    sortable("What could not be measured, and why.", columns, list),
  );
}

/** Models, versions, digest and every file. `open(file)` shows a picture. */
export function provenance(open) {
  return section(
    "Provenance",
    "Where the figures come from",
    h("div", { class: "about" }, (report.models ?? []).map(about), versions()),
    files.length ? fileList(open) : null,
  );
}

function about({ name, kind, about: facts }) {
  return h(
    "div",
    { class: "facts" },
    h("h3", {}, name),
    h("p", { class: "note" }, { model: "model", results: "results of another program" }[kind] ?? kind),
    pairsOf(facts ?? {}),
  );
}

function versions() {
  const found = { photochrom: report.photochrom, ...report.versions };
  return h("div", { class: "facts" }, h("h3", {}, "Measured with"), pairsOf(found));
}

function pairsOf(facts) {
  const entries = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  return h("dl", {}, entries.map(([name, value]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, factOf(value))]));
}

/** A fact may hold others, each on a line of its own. */
function factOf(value) {
  if (isNumber(value)) return Number.isInteger(value) ? grouped(value) : String(value);
  if (HASH.test(value)) return hash(value);
  if (value === null || typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, one]) => h("div", {}, Array.isArray(value) ? null : `${name} `, factOf(one)));
}

const hash = (text) => h("code", { title: text }, text.slice(0, HASH_SHOWN));

function fileList(open) {
  const state = { metric: metrics.find((metric) => !metric.set)?.name, wanted: "" };
  const place = h("div", {});
  const tally = h("p", { class: "note", "aria-live": "polite" });
  const draw = () => {
    const wanted = state.wanted.toLowerCase();
    const found = files.filter((file) => file.name.toLowerCase().includes(wanted) || file.sha256.startsWith(wanted));
    tally.textContent = found.length === files.length ? "" : `${counted(found.length, "file")} of ${files.length}`;
    place.replaceChildren(sortable("Files and their values.", fileColumns(state.metric, open), found));
  };
  const search = h("input", { type: "search", placeholder: "name or hash", oninput: () => draw((state.wanted = search.value.trim())) });
  const options = metrics.filter((metric) => !metric.set).map((metric) => [metric.name, sentence(metric.title)]);
  const pick = (name) => draw((state.metric = name));
  const lines = () => files.map((file) => `${file.sha256}  ${file.name}`).join("\n");
  // Thousands of cells that few people open are made when somebody does.
  return h(
    "details",
    { class: "files", ontoggle: () => place.firstChild || draw() },
    h("summary", {}, `All ${counted(files.length, "file")}, with hashes and values`),
    h(
      "div",
      { class: "controls" },
      h("label", { class: "field" }, h("span", {}, "Search"), search),
      options.length ? choice("Values of", options, state.metric, pick) : null,
      copyButton(lines, "all hashes, as sha256sum writes them"),
    ),
    tally,
    place,
  );
}

function fileColumns(name, open) {
  const metric = metrics.find((one) => one.name === name);
  const there = new Set(shown.map((one) => one.file));
  const link = (file) => (there.has(file.name) ? h("button", { type: "button", class: "link", onclick: () => open(file.name) }, file.name) : file.name);
  const columns = [
    { label: "File", first: "ascending", rowHead: true, value: (file) => file.name, cell: link },
    { label: "SHA-256", first: "ascending", value: (file) => file.sha256, cell: (file) => hash(file.sha256) },
  ];
  if (!metric) return columns;
  const measured = rows.filter((row) => files.some((file) => valueOf(file, row.name, name) !== null));
  return columns.concat(
    measured.map((row) => ({
      label: row.name,
      head: [rowSwatch(row.name), row.name],
      class: "number",
      first: metric.better === "lower" ? "ascending" : "descending",
      value: (file) => valueOf(file, row.name, name),
      cell: (file) => withUnit(fixed(valueOf(file, row.name, name), metric.places), metric.unit),
    })),
  );
}
