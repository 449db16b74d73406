// @ts-check
import { all } from "./dom.js";

/** What somebody types into `[data-draft]` outlives a reload, until it is sent. */
const name = (/** @type {HTMLTextAreaElement} */ field) => `draft ${location.pathname} ${field.dataset.draft}`;

export function keepDrafts() {
  for (const one of all("textarea[data-draft]")) {
    const field = /** @type {HTMLTextAreaElement} */ (one);
    const kept = sessionStorage.getItem(name(field));
    if (kept !== null && field.value === field.defaultValue) field.value = kept;
    field.addEventListener("input", () => sessionStorage.setItem(name(field), field.value));
    field.form?.addEventListener("submit", () => sessionStorage.removeItem(name(field)));
  }
}

/** Ask before a page is left that holds changes: forms with `data-guard`. */
export function guardChanges() {
  for (const one of all("form[data-guard]")) {
    let changed = false;
    one.addEventListener("input", () => (changed = true));
    one.addEventListener("submit", () => (changed = false));
    addEventListener("beforeunload", (event) => changed && event.preventDefault());
  }
}
