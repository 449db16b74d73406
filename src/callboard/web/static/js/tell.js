// @ts-check
import { first, make } from "./dom.js";

/**
 * Tell a screen reader, politely.
 * @param {string} words
 */
export function announce(words) {
  const place = first("#announcer");
  if (place) place.textContent = words;
}

/**
 * Tell the result of what somebody did themselves.
 * @param {string} words
 */
export function toast(words) {
  const one = make("div", { class: "toast" }, words);
  first("#toasts")?.append(one);
  announce(words);
  setTimeout(() => one.remove(), 6000);
}
