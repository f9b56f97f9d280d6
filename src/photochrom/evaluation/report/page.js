/** The whole page, from top to bottom. */

import { copyButton, h, hideTip, swatch } from "./dom.js";
import { counted, listed } from "./format.js";
import { modelColor, models, report, rowsOf } from "./data.js";
import { figures } from "./figures.js";
import { pairs } from "./pairs.js";
import { plots } from "./plots.js";
import { pictures } from "./pictures.js";
import { failures, provenance } from "./files.js";

const THEMES = ["auto", "light", "dark"];
const HASH_SHOWN = 16;

function head() {
  const { protocol } = report;
  const what = models.length ? listed(models) : "Reference rows";
  document.title = `${what}: Photochrom evaluation`;
  return [
    h("p", { class: "eyebrow" }, "Photochrom · evaluation"),
    h("h1", {}, what, h("span", {}, ` on ${counted(report.pictures, "picture")}`)),
    protocol ? h("p", { class: "lead" }, "Protocol ", h("b", {}, protocol.name), `: ${protocol.summary}.`) : null,
    models.length ? h("ul", { class: "contestants" }, models.map(contestant)) : null,
    facts(),
    report.command ? command() : null,
  ].filter(Boolean);
}

function contestant(model) {
  const count = rowsOf(model).length;
  return h("li", {}, swatch(modelColor(model)), model, count > 1 ? h("small", {}, ` ${counted(count, "setting")}`) : null);
}

function facts() {
  const { digest, seed, limit, photochrom } = report;
  const entries = [
    ["Pictures", limit ? `${report.pictures}, at most ${limit} drawn` : String(report.pictures)],
    ["Digest of the files", digest ? h("code", { title: digest }, digest.slice(0, HASH_SHOWN)) : null],
    ["Seed", seed === undefined || seed === null ? null : String(seed)],
    ["Photochrom", photochrom],
  ];
  const there = entries.filter(([, value]) => value);
  return h("dl", { class: "summary" }, there.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function command() {
  return h("div", { class: "command" }, h("pre", { tabindex: "0" }, h("code", {}, report.command)), copyButton(() => report.command, "the command"));
}

function navigate(main) {
  const links = [...main.querySelectorAll("[data-nav]")].map((one) => h("a", { href: `#${one.id}` }, one.dataset.nav));
  document.querySelector("nav").append(...links);
  const watch = new IntersectionObserver(
    (seen) => {
      const current = seen.find((entry) => entry.isIntersecting)?.target.id;
      if (!current) return;
      for (const link of links) link.toggleAttribute("aria-current", link.hash === `#${current}`);
    },
    { rootMargin: "-20% 0px -70% 0px" },
  );
  for (const one of main.querySelectorAll("[data-nav]")) watch.observe(one);
}

/** Automatic, light, dark; remembered where the browser lets a file remember. */
function theme() {
  const button = document.getElementById("theme");
  const set = (name) => {
    document.documentElement.dataset.theme = name;
    button.textContent = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" }[name];
    button.setAttribute("aria-label", `Theme: ${name}. Change it`);
  };
  const remembered = kept(() => localStorage.getItem("photochrom-theme"));
  set(THEMES.includes(remembered) ? remembered : "auto");
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
    set(next);
    kept(() => localStorage.setItem("photochrom-theme", next));
  });
}

function kept(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

const gallery = pictures();
const main = document.getElementById("main");
document.getElementById("top").append(...head());
main.append(
  ...[figures(), pairs(), plots(gallery.open), gallery.element, failures(), provenance(gallery.open)].filter(Boolean),
);
navigate(main);
document.querySelector(".bar").hidden = false;
theme();
addEventListener("scroll", hideTip, { passive: true });
