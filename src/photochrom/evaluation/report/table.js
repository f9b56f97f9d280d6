/** A table whose columns can be sorted by click and by keyboard. */

import { h } from "./dom.js";
import { compared } from "./format.js";

/**
 * columns: {head, label, value(item), cell(item), first, class, rowHead}; label is the column's plain name,
 *   first the direction of the first click, rowHead whether the cell names its row
 * items: in the order in which they stand until somebody sorts them; a third click restores it
 */
export function sortable(caption, columns, items, rowClass = () => null) {
  const lines = new Map(
    items.map((item) => [item, h("tr", { class: rowClass(item) }, columns.map((column) => cellOf(column, item)))]),
  );
  const body = h("tbody", {}, [...lines.values()]);
  const heads = columns.map((column) => headOf(column, () => turn(column)));
  let sorted = { column: null, descending: false };

  function turn(column) {
    const first = (column.first ?? "descending") === "descending";
    if (sorted.column !== column) sorted = { column, descending: first };
    else if (sorted.descending === first) sorted = { column, descending: !first };
    else sorted = { column: null, descending: false };
    const inOrder = sorted.column
      ? [...items].sort((a, b) => compared(column.value(a), column.value(b), sorted.descending))
      : items;
    body.replaceChildren(...inOrder.map((item) => lines.get(item)));
    heads.forEach((head, i) => head.setAttribute("aria-sort", stateOf(columns[i])));
  }

  function stateOf(column) {
    if (sorted.column !== column) return "none";
    return sorted.descending ? "descending" : "ascending";
  }

  const table = h(
    "table",
    { class: "data" },
    h("caption", { class: "unseen" }, `${caption} The buttons in its head sort it.`),
    h("thead", {}, h("tr", {}, heads)),
    body,
  );
  // Focusable, so that the arrow keys reach the columns that are out of sight.
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
}

function headOf(column, onclick) {
  const button = h("button", { type: "button", onclick }, column.head ?? column.label);
  column.explain?.(button);
  return h("th", { scope: "col", "aria-sort": "none", class: column.class }, button);
}

function cellOf(column, item) {
  const made = column.cell(item);
  const { class: name, title } = made?.attributes ?? {};
  const properties = { class: [column.class, name].filter(Boolean).join(" ") || null, title };
  const content = made?.content ?? made;
  return column.rowHead ? h("th", { scope: "row", ...properties }, content) : h("td", properties, content);
}
