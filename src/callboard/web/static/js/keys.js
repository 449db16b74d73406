// @ts-check
import { all, first, make } from "./dom.js";

/** Keys are written on what they do: `data-key` on a button or link, `data-go` on a place of the navigation. Rows have a `data-key` too, which is their name. */
const named = "[data-key]:is(a, button)";
const fields = "input, textarea, select, [contenteditable], dialog[open] *";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let leaving;
/** @type {Map<string, () => void>} */
const more = new Map();

/**
 * Let a key do something on this page.
 * @param {string} key as KeyboardEvent.key
 * @param {() => void} act
 */
export function onKey(key, act) {
  more.set(key, act);
}

function stopLeaving() {
  clearTimeout(leaving);
  leaving = undefined;
  first(".hint-chip")?.remove();
}

function startLeaving() {
  document.body.append(make("div", { class: "hint-chip" }, "Go to…"));
  leaving = setTimeout(stopLeaving, 900);
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  return event.target instanceof Element && event.target.closest(fields) !== null;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (document.documentElement.dataset.keys === "off") return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  if (leaving !== undefined) {
    stopLeaving();
    first(`[data-go="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
    event.preventDefault();
    return;
  }
  const own = more.get(event.key) ?? (event.shiftKey ? undefined : actionFor(event.key));
  if (own === undefined) return;
  event.preventDefault();
  own();
}

/** @param {string} key */
function actionFor(key) {
  if (key === "g") return startLeaving;
  if (key === "/") return () => first("[data-filter], input[type=search]")?.focus();
  const found = all(named).find((one) => one.dataset.key === key);
  return found === undefined ? undefined : () => found.click();
}

function help() {
  const rows = [
    ["Ctrl K", "Search and commands"],
    ["?", "These keys"],
    ["/", "The filter of this page"],
    ...all("[data-go]").map((one) => [`G then ${one.dataset.go?.toUpperCase()}`, one.querySelector("span")?.textContent ?? ""]),
    ...all(named).map((one) => [one.dataset.key?.toUpperCase() ?? "", one.firstChild?.textContent?.trim() || one.textContent?.replace(/\s+\S$/, "").trim() || ""]),
    ...all("[data-key-help]").flatMap((one) => (one.dataset.keyHelp ?? "").split("|").map((row) => row.split("="))),
  ];
  const list = make("dl", { class: "keys" });
  for (const [keys, words] of rows) list.append(make("dt", {}, make("kbd", {}, keys)), make("dd", {}, words));
  const close = make("button", { class: "btn", value: "close" }, "Close");
  const dialog = /** @type {HTMLDialogElement} */ (make("dialog", { "aria-label": "Keys" }, make("form", { method: "dialog", class: "stack" }, make("h2", {}, "Keys"), list, close)));
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

export function listen() {
  onKey("?", help);
  document.addEventListener("keydown", pressed);
}
