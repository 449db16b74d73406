// @ts-check
import { all, first, make } from "./dom.js";

/** Charts answer the pointer and the arrow keys: what each day came to is read out beneath. The table needs no script. */
for (const figure of all(".chart-figure")) {
  const scroll = first(".chart-scroll", figure);
  const places = /** @type {NodeListOf<SVGRectElement>} */ (figure.querySelectorAll(".chart-hit"));
  if (!scroll || !places.length) continue;
  const words = make("p", { class: "chart-readout", "aria-live": "polite" });
  scroll.after(words);
  let at = -1;

  /** @param {number} number */
  const show = (number) => {
    if (at >= 0) places[at].classList.remove("chart-here");
    at = Math.max(0, Math.min(places.length - 1, number));
    places[at].classList.add("chart-here");
    words.textContent = (places[at].querySelector("title")?.textContent ?? "").split("\n").join(" · ");
  };
  places.forEach((place, number) => place.addEventListener("pointerenter", () => show(number)));
  scroll.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[/** @type {KeyboardEvent} */ (event).key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    show(at < 0 ? places.length - 1 : at + step);
  });
}
