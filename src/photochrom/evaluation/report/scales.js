/** From values to places on paper. Pure functions. */

/** position(value) for a domain [low, high] laid on a range [from, to]. */
export function scale(kind, [low, high], [from, to]) {
  const bend = BENDS[kind];
  const [start, end] = [bend(low), bend(high)];
  return (value) => from + ((bend(value) - start) / (end - start || 1)) * (to - from);
}

const BENDS = {
  linear: (value) => value,
  // Room for 0, 1, 2 and 5 on the same line as 50.
  root: (value) => Math.sign(value) * Math.sqrt(Math.abs(value)),
  log: (value) => Math.log10(value),
};

/** About `count` round values within [low, high]. */
export function ticks(low, high, count) {
  const step = roundStep((high - low) / Math.max(1, count));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Powers of ten within [low, high]. */
export function decades(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i));
}

/** The decimals that tick marks of this step need. */
export function placesOf(marks) {
  if (marks.length < 2) return 0;
  return Math.max(0, Math.min(6, -Math.floor(Math.log10(marks[1] - marks[0]) + 1e-9)));
}

/** The values' reach with a margin, so that no mark sits on the frame; `held` are values that must be seen. */
export function around(values, held = [], margin = 0.06) {
  const all = [...values, ...held];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || Math.abs(high) || 1) * margin;
  return [low - room, high + room];
}

function roundStep(raw) {
  const power = 10 ** Math.floor(Math.log10(raw));
  const wanted = [1, 2, 5, 10].find((one) => one * power >= raw * 0.999);
  return wanted * power;
}
