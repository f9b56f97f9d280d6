/** The pictures that explain the figures: two compared by a slider, or all in a strip. */

import { choice, h, section, segments, tick } from "./dom.js";
import { compared, counted, fixed, isNumber, sentence, withUnit } from "./format.js";
import { GRAY, INPUT, TRUTH, candidates, files, imageAt, mainRow, metrics, models, report, rowNamed, rows, rowSwatch, shown, valueOf } from "./data.js";
import { compare } from "./compare.js";

const byFile = new Map(files.map((file) => [file.name, file]));

/** {element, open(file)}; element is null where no picture is shown. */
export function pictures() {
  if (!shown.length) return { element: null, open: () => {} };
  const sources = sourcesOf();
  const state = { ...pairAtFirst(sources), mode: "slider", errors: false, reason: "", kind: "", metric: metrics[0]?.name };
  const zoom = enlarger(state);
  const cards = shown.map((one, i) => card(one, i, state, { zoom, filter: (reason) => filter("", reason) }));
  const list = h("div", { class: "cards" }, cards.map((one) => one.element));
  const tally = h("p", { class: "note", "aria-live": "polite" });
  const filters = h("div", { class: "controls" });
  const controls = h("div", { class: "controls sticky" });

  function filter(kind, reason) {
    Object.assign(state, { kind, reason });
    let count = 0;
    for (const one of cards) {
      const wanted = one.why.some((why) => (!kind || kindOf(why) === kind) && (!reason || why === reason));
      one.element.hidden = (kind || reason) && !wanted;
      count += !one.element.hidden;
    }
    tally.textContent = count === cards.length ? "" : `${counted(count, "picture")} of ${cards.length}`;
    filters.replaceChildren(...filtersOf(state, filter));
  }

  function redraw() {
    for (const one of cards) one.redraw();
    controls.replaceChildren(...controlsOf(state, sources, redraw));
  }

  redraw();
  filter("", "");
  const open = (file) => {
    const found = cards.find((one) => one.file === file);
    if (!found) return;
    filter("", "");
    found.element.scrollIntoView({ block: "start" });
    found.element.focus({ preventScroll: true });
  };
  const element = section(
    "Pictures",
    "Pictures",
    h("p", { class: "lead" }, "Chosen by their figures, not by taste: each says why it is here."),
    filters,
    controls,
    tally,
    list,
    zoom.element,
  );
  return { element, open };
}

/** What can be shown of a picture: input, rows, truth; in this order. */
function sourcesOf() {
  const names = new Set(shown.flatMap((one) => Object.keys(one.images)));
  const ordered = [INPUT, ...rows.map((row) => row.name), TRUTH].filter((name) => names.has(name));
  return [...new Set([...ordered, ...names])];
}

function pairAtFirst(sources) {
  const results = candidates.map((row) => row.name).filter((name) => sources.includes(name));
  const main = models.length ? mainRow(models[0]).name : null;
  const result = results.includes(main) ? main : (results[0] ?? sources[0]);
  if (sources.includes(TRUTH) && result !== TRUTH) return { left: result, right: TRUTH };
  return { left: INPUT, right: result };
}

/** "best PSNR: flagship" → "best"; other reasons are a kind of their own. */
const kindOf = (why) => (why.includes(":") ? why.split(" ")[0] : why);

function filtersOf(state, filter) {
  const reasons = [...new Set(shown.flatMap((one) => one.why))].sort((a, b) => compared(a, b));
  const kinds = [...new Set(reasons.map(kindOf))];
  if (reasons.length < 2) return [];
  const count = (kind) => shown.filter((one) => one.why.some((why) => kindOf(why) === kind)).length;
  const options = [["", `All ${shown.length}`], ...kinds.map((kind) => [kind, `${sentence(kind)} ${count(kind)}`])];
  const groups = kinds.map((kind) => ({
    group: sentence(kind),
    options: reasons.filter((why) => kindOf(why) === kind).map((why) => [why, why]),
  }));
  return [
    segments("Which pictures", options, state.kind, (kind) => filter(kind, "")),
    choice("Why shown", [["", "any reason"], ...groups], state.reason, (reason) => filter("", reason)),
  ];
}

function controlsOf(state, sources, redraw) {
  const set = (key) => (value) => {
    const other = { left: "right", right: "left" }[key];
    if (other && state[other] === value) state[other] = state[key];
    state[key] = value;
    redraw();
  };
  const names = sources.map((name) => [name, name]);
  const figures = metrics.filter((metric) => !metric.set).map((metric) => [metric.name, sentence(metric.title)]);
  const modes = [["slider", "Slider"], ["strip", "All"]];
  const slider = state.mode === "slider";
  const turn = () => set("left")(state.right);
  const swap = h("button", { type: "button", "aria-label": "Swap left and right", onclick: turn }, "⇄");
  return [
    segments("How pictures are shown", modes, state.mode, set("mode")),
    slider ? h("div", { class: "both" }, choice("Left", names, state.left, set("left")), swap, choice("Right", names, state.right, set("right"))) : null,
    slider || !figures.length ? null : choice("Figure", figures, state.metric, set("metric")),
    shown.some((one) => Object.keys(one.errors ?? {}).length) ? tick("Error maps", state.errors, set("errors")) : null,
    state.errors ? errorScale() : null,
  ].filter(Boolean);
}

/** What the colours of an error map mean. */
function errorScale() {
  const most = report.errors_up_to;
  const end = isNumber(most) ? `${most} and more` : "large";
  return h("span", { class: "error-scale" }, "ΔE2000 0", h("span", { class: "ramp", "aria-hidden": "true" }), end);
}

/** One picture; drawn only when it comes near the window. */
function card(one, i, state, { zoom, filter }) {
  const body = h("div", { class: "body" });
  const title = `picture-${i + 1}`;
  const element = h(
    "article",
    { class: "card", id: title, tabindex: "-1", "aria-labelledby": `${title}-name` },
    h(
      "header",
      {},
      h("h3", { id: `${title}-name` }, one.file),
      h("ul", { class: "badges", "aria-label": "Why shown" }, one.why.map((why) => h("li", {}, badge(why, filter)))),
    ),
    body,
  );
  let near = false;
  const draw = () => near && body.replaceChildren(...(state.mode === "slider" ? slider(one, state, zoom) : strip(one, state, zoom)));
  const come = () => {
    near = true;
    watch.disconnect();
    draw();
  };
  const watch = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && come(), { rootMargin: "800px" });
  watch.observe(element);
  addEventListener("beforeprint", () => near || come());
  return { element, redraw: draw, file: one.file, why: one.why };
}

const badge = (why, filter) =>
  h("button", { type: "button", class: `badge ${kindOf(why)}`, title: "Show only these", onclick: () => filter(why) }, why);

/** A picture or its error map, with the name it has on the page. */
function sourceOf(one, name, errors) {
  const error = errors ? one.errors?.[name === INPUT ? GRAY : name] ?? one.errors?.[name] : undefined;
  const path = error ?? one.images[name];
  return path === undefined ? null : { name: error ? `${name}: error` : name, source: imageAt(path) };
}

function viewer(one, state) {
  const [over, under] = [state.left, state.right].map((name) => sourceOf(one, name, state.errors));
  if (over && under) return compare(over, under, one.file);
  const only = over ?? under;
  return only ? h("img", { class: "only", src: only.source, alt: `${one.file}, ${only.name}` }) : null;
}

function slider(one, state, zoom) {
  const drawn = viewer(one, state);
  if (!drawn) return [h("p", { class: "notice" }, `There is neither ${state.left} nor ${state.right} of this picture.`)];
  const larger = h("button", { type: "button", class: "larger", "aria-label": `Enlarge ${one.file}`, onclick: () => zoom.open(one) }, "⤢");
  drawn.addEventListener("dblclick", () => zoom.open(one));
  return [h("div", { class: "stage" }, drawn, larger), figuresOf(one, [state.left, state.right])];
}

/** Every value of one picture for what is compared; what stands alone is compared with its own mean. */
function figuresOf(one, sides) {
  const file = byFile.get(one.file);
  const names = sides.map((name) => (name === INPUT ? GRAY : name)).filter((name) => name !== TRUTH && rowNamed(name));
  const valuesOf = (metric) => names.map((name) => valueOf(file, name, metric.name));
  const lines = file ? metrics.filter((metric) => valuesOf(metric).some(isNumber)) : [];
  if (!lines.length) return null;
  const alone = names.length === 1;
  const column = (...content) => h("th", { scope: "col", class: "number" }, content);
  const heads = names.map((name) => column(rowSwatch(name), name));
  return h(
    "table",
    { class: "data small values" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "This picture"), heads, alone ? column("mean of all") : null)),
    h("tbody", {}, lines.map((metric) => lineOf(metric, valuesOf(metric), file, alone && rowNamed(names[0])))),
  );
}

function lineOf(metric, values, file, row) {
  const write = (value) => withUnit(fixed(value, metric.places), metric.unit);
  const cells = values.map((value, i) =>
    h("td", { class: isBetter(metric, value, values[1 - i]) ? "number best" : "number" }, write(value)),
  );
  const truth = valueOf(file, TRUTH, metric.name);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, sentence(metric.title), truth === null ? null : h("small", {}, ` truth ${write(truth)}`)),
    cells,
    row ? h("td", { class: "number soft" }, write(row.metrics?.[metric.name]?.mean)) : null,
  );
}

function isBetter({ better }, value, other) {
  if (!better || !isNumber(value) || !isNumber(other)) return false;
  return better === "higher" ? value > other : value < other;
}

function strip(one, state, zoom) {
  const file = byFile.get(one.file);
  const metric = metrics.find((each) => each.name === state.metric);
  const cell = (name) => {
    const source = sourceOf(one, name, state.errors);
    const value = metric && file && valueOf(file, name === INPUT ? GRAY : name, metric.name);
    const picture = h("img", { src: source.source, alt: `${one.file}, ${source.name}`, decoding: "async" });
    const other = name === state.right ? state.left : state.right;
    return h(
      "figure",
      {},
      h("button", { type: "button", "aria-label": `Enlarge ${one.file}, ${name}`, onclick: () => zoom.open(one, name, other) }, picture),
      h(
        "figcaption",
        {},
        h("span", {}, rowSwatch(name), name),
        isNumber(value) ? h("b", {}, withUnit(fixed(value, metric.places), metric.unit)) : null,
      ),
    );
  };
  const names = [INPUT, ...rows.map((row) => row.name), TRUTH].filter((name) => one.images[name]);
  return [h("div", { class: "strip" }, [...new Set(names)].map(cell))];
}

/** The same two pictures as large as the window allows. */
function enlarger(state) {
  const stage = h("div", { class: "stage" });
  const title = h("strong", {});
  const dialog = h("dialog", { class: "zoom", "aria-label": "Enlarged picture", onclose: () => stage.replaceChildren() });
  let current = 0;
  let pair = null;
  const show = (index) => {
    current = (index + shown.length) % shown.length;
    const one = shown[current];
    title.textContent = one.file;
    stage.replaceChildren(...[viewer(one, { ...state, ...pair })].filter(Boolean));
  };
  const button = (label, text, onclick) => h("button", { type: "button", "aria-label": label, onclick }, text);
  dialog.append(
    h(
      "div",
      { class: "controls" },
      title,
      button("Previous picture", "←", () => show(current - 1)),
      button("Next picture", "→", () => show(current + 1)),
      button("Close", "Close", () => dialog.close()),
    ),
    stage,
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  const open = (one, left, right) => {
    pair = left ? { left, right } : null;
    show(shown.indexOf(one));
    dialog.showModal();
  };
  return { element: dialog, open };
}
