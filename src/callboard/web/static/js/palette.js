// @ts-check
import { all, first, make, part } from "./dom.js";
import { announce } from "./tell.js";

/** Search and commands in one field. The answers come from the server, which knows what somebody may see. */
/** @type {HTMLDialogElement | undefined} */
let dialog;
/** @type {HTMLElement} */
let list;
/** @type {HTMLElement} */
let none;
let asked = 0;

function options() {
  return all("li[role=option]", list);
}

/** @param {number} step */
function move(step) {
  const found = options();
  const now = found.findIndex((one) => one.getAttribute("aria-selected") === "true");
  select(found[(now + step + found.length) % found.length]);
}

/** @param {HTMLElement | undefined} one */
function select(one) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === one));
  const field = first("input", dialog);
  if (one === undefined) field?.removeAttribute("aria-activedescendant");
  else field?.setAttribute("aria-activedescendant", one.id);
  one?.scrollIntoView({ block: "nearest" });
}

/**
 * An option holds no link of its own: a screen reader would meet one control inside another.
 * @param {HTMLElement} one
 * @param {number} number
 */
function prepare(one, number) {
  one.id = `palette-${number}`;
  const link = first("a", one);
  if (link === null) return;
  one.dataset.href = link.getAttribute("href") ?? "/";
  link.replaceWith(make("span", { class: "palette-option" }, ...link.childNodes));
}

/** @param {HTMLElement | null} one */
function go(one) {
  if (one?.dataset.href) location.assign(one.dataset.href);
}

/** @param {string} text */
async function ask(text) {
  const mine = ++asked;
  try {
    const found = await part(`/search?part=palette&q=${encodeURIComponent(text)}`);
    if (mine !== asked) return;
    list.replaceChildren(found);
    options().forEach(prepare);
    select(options()[0]);
    none.hidden = options().length > 0;
    none.textContent = `Nothing is called “${text}”, of what you see.`;
    announce(`${options().length} found`);
  } catch {
    list.replaceChildren(make("li", { class: "dim" }, "The server does not answer. Try again in a moment."));
  }
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter") go(first("li[aria-selected=true]", list));
  else return;
  event.preventDefault();
}

export function open() {
  if (dialog?.open) return;
  list = make("ul", { role: "listbox", id: "palette-list", "aria-label": "Found" });
  const field = /** @type {HTMLInputElement} */ (
    make("input", { type: "text", role: "combobox", "aria-label": "Search and commands", "aria-controls": "palette-list", "aria-expanded": "true", "aria-autocomplete": "list", autocomplete: "off", placeholder: "Search tasks, agents, runs… or do something" })
  );
  none = make("p", { class: "palette-none", hidden: "" });
  dialog = /** @type {HTMLDialogElement} */ (make("dialog", { class: "palette", "aria-label": "Search and commands" }, field, list, none));
  list.addEventListener("click", (event) => go(event.target instanceof Element ? event.target.closest("li") : null));
  field.addEventListener("input", () => ask(field.value));
  field.addEventListener("keydown", pressed);
  dialog.addEventListener("close", () => dialog?.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog?.close());
  document.body.append(dialog);
  dialog.showModal();
  ask("");
}
