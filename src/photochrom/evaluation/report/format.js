/** Numbers as people read them. Pure functions; what is not there is an en dash. */

export const NONE = "–";

/** 3.14159, 2 → "3.14"; with a true minus. */
export function fixed(value, places) {
  if (!isNumber(value)) return NONE;
  const text = value.toFixed(places);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

/** With its sign, unless it rounds to nothing. */
export function signed(value, places) {
  const text = fixed(value, places);
  return isNumber(value) && Number(value.toFixed(places)) > 0 ? `+${text}` : text;
}

/** "[21.99, 22.77]", or nothing where no interval was taken. */
export function interval(estimate, places, write = fixed) {
  if (!estimate || !isNumber(estimate.low) || !isNumber(estimate.high)) return "";
  return `[${write(estimate.low, places)}, ${write(estimate.high, places)}]`;
}

/** A share of 1 as "42 %". */
export function percent(share, places = 0) {
  return isNumber(share) ? `${fixed(100 * share, places)} %` : NONE;
}

/** 7312450 → "7 312 450", with thin spaces that do not break. */
export function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** "23.80 dB" */
export function withUnit(text, unit) {
  return unit && text !== NONE ? `${text}\u00a0${unit}` : text;
}

/** "1 picture", "24 pictures" */
export function counted(count, word) {
  return `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;
}

/** ["a", "b", "c"] → "a, b and c" */
export function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Its first letter large, unless that is a name by itself, as in “b of ab”. */
export function sentence(text) {
  return /^\p{L}(?!\p{L})/u.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** For sorting: numbers by size, names as people count ("2" before "10"), what is missing at the end. */
export function compared(a, b, descending) {
  const [noA, noB] = [a, b].map((value) => value === null || value === undefined || Number.isNaN(value));
  if (noA || noB) return noA - noB;
  const order = isNumber(a) && isNumber(b) ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -order : order;
}
