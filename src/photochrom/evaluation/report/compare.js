/** Two pictures of the same thing, one over the other, with an edge that can be moved. */

import { h } from "./dom.js";

const HALF = 50;
const STEP = 1;

/**
 * over, under: {name, source, color}; the first is seen left of the edge
 * at: where the edge stands, 0…100
 */
export function compare(over, under, what, at = HALF) {
  const range = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: STEP,
    value: at,
    "aria-label": `${what}: how much of “${over.name}” covers “${under.name}”`,
    oninput: () => box.style.setProperty("--at", `${range.value}%`),
  });
  const picture = (side, { name, source }) =>
    h("img", { class: side, src: source, alt: `${what}, ${name}`, draggable: "false", decoding: "async" });
  const label = (side, { name }) => h("span", { class: `name ${side}`, "aria-hidden": "true" }, name);
  const box = h(
    "div",
    { class: "compare", css: { "--at": `${at}%` } },
    picture("under", under),
    picture("over", over),
    h("span", { class: "edge", "aria-hidden": "true" }),
    label("left", over),
    label("right", under),
    range,
  );
  follow(box, (share) => {
    range.value = share;
    box.style.setProperty("--at", `${share}%`);
  });
  return box;
}

/** The edge follows the pointer while it is down, wherever on the picture that was. */
function follow(box, move) {
  const to = (event) => {
    const { left, width } = box.getBoundingClientRect();
    move(Math.max(0, Math.min(100, (100 * (event.clientX - left)) / width)));
  };
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    box.setPointerCapture(event.pointerId);
    box.querySelector("input").focus({ preventScroll: true });
    to(event);
  });
  // Or else the focus, which the arrow keys need, would go on to the card.
  box.addEventListener("mousedown", (event) => event.preventDefault());
  box.addEventListener("pointermove", (event) => {
    if (box.hasPointerCapture(event.pointerId)) to(event);
  });
}
