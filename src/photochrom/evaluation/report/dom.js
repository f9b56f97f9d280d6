/** Elements. Text goes in as text nodes only, so that no file name can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `onclick` and the like are listeners, `css` is an object of style properties. */
export function h(tag, properties, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function s(tag, properties, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

function filled(element, properties, children) {
  // Last, for a list must hold its options before one of them can be chosen.
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "css") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/** A labelled list to choose from. options: [value, text] or {group, options}. */
export function choice(label, options, chosen, onchange) {
  const option = ([value, text]) => h("option", { value }, text);
  const list = h(
    "select",
    { value: chosen, onchange: () => onchange(list.value) },
    options.map((one) => (one.group ? h("optgroup", { label: one.group }, one.options.map(option)) : option(one))),
  );
  return h("label", { class: "field" }, h("span", {}, label), list);
}

/** A few choices side by side, of which one holds. options: [value, text]. */
export function segments(label, options, chosen, onchange) {
  const name = `segments-${(segments.count = (segments.count ?? 0) + 1)}`;
  const one = ([value, text]) =>
    h(
      "label",
      {},
      h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value) }),
      h("span", {}, text),
    );
  return h("fieldset", { class: "segments" }, h("legend", { class: "unseen" }, label), options.map(one));
}

/** A labelled box to tick. */
export function tick(label, checked, onchange) {
  const box = h("input", { type: "checkbox", checked, onchange: () => onchange(box.checked) });
  return h("label", { class: "tick" }, box, h("span", {}, label));
}

/** A button that puts text on the clipboard and says so. */
export function copyButton(text, what) {
  const button = h("button", { type: "button", class: "copy", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}

/** A part of the page with its heading; `name` is its address and its word in the navigation. */
export function section(name, title, ...children) {
  const id = name.toLowerCase();
  return h(
    "section",
    { id, "data-nav": name, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title),
    ...children,
  );
}

/** The colour of a row or model, as a dot before its name. */
export function swatch(color) {
  return h("span", { class: `swatch ${color}`, "aria-hidden": "true" });
}

/** Show lines of text beside a place of the window; the first is the heading. */
export function showTip(lines, x, y) {
  const tip = document.getElementById("tip");
  tip.replaceChildren(...lines.map((line, i) => h(i ? "span" : "strong", {}, line)));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14;
  tip.style.left = `${Math.max(6, Math.min(left, innerWidth - width - 6))}px`;
  tip.style.top = `${Math.max(6, y - height - 10)}px`;
}

export function hideTip() {
  document.getElementById("tip").hidden = true;
}

/** Show lines beside an element while it is pointed at or has the focus. */
export function explained(element, lines) {
  const show = () => {
    const box = element.getBoundingClientRect();
    showTip(lines, box.left, box.top);
  };
  element.addEventListener("pointerenter", show);
  element.addEventListener("focus", show);
  element.addEventListener("pointerleave", hideTip);
  element.addEventListener("blur", hideTip);
  return element;
}
