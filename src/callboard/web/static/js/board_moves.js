// @ts-check
import { all, first } from "./dom.js";
import { announce, toast } from "./tell.js";

/** Moving cards: by mouse, with Alt and the arrows, and with M. The server decides; where it refuses, the card stays. */

const board = /** @type {HTMLElement} */ (first("#board"));
const columns = () => all(".board-cards", board);
const cardOf = (/** @type {EventTarget | null} */ target) => (target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(".board-card")) : null);
const linkOf = (/** @type {Element | null | undefined} */ card) => /** @type {HTMLElement | null} */ (card?.querySelector("a.board-card-title") ?? null);

async function move(/** @type {HTMLElement} */ card, /** @type {HTMLElement} */ to) {
  const from = /** @type {HTMLElement} */ (card.parentElement);
  if (to === from) return;
  const next = card.nextElementSibling;
  const held = card.contains(document.activeElement);
  to.append(card);
  if (held) linkOf(card)?.focus();
  const refused = await ask(card.id, to.dataset.column ?? "");
  if (refused === "") return void announce(`${card.id} moved to ${to.getAttribute("aria-label")}`);
  from.insertBefore(card, next);
  if (held) linkOf(card)?.focus();
  toast(refused);
}

/** Return why a card may not be moved; nothing where it was. */
async function ask(/** @type {string} */ key, /** @type {string} */ to) {
  const form = /** @type {HTMLFormElement} */ (first("#board-form"));
  const body = new URLSearchParams({ _form: /** @type {any} */ (form.elements.namedItem("_form")).value, _once: crypto.randomUUID(), to });
  try {
    const answer = await fetch(`/tasks/${key}/move?part=move`, { method: "POST", body, redirect: "error", credentials: "same-origin" });
    return (await answer.json()).refused;
  } catch {
    return "The server cannot be reached: nothing was moved.";
  }
}

board.addEventListener("dragstart", (event) => {
  const card = cardOf(event.target);
  if (card === null || event.dataTransfer === null) return;
  card.classList.add("dragged");
  event.dataTransfer.setData("text/plain", card.id);
  event.dataTransfer.effectAllowed = "move";
});
board.addEventListener("dragend", () => {
  all(".dragged", board).forEach((card) => card.classList.remove("dragged"));
  columns().forEach((column) => delete column.dataset.over);
});
board.addEventListener("dragover", (event) => {
  const over = event.target instanceof Element ? event.target.closest(".board-cards") : null;
  columns().forEach((column) => (column === over ? (column.dataset.over = "") : delete column.dataset.over));
  if (over !== null && first(".dragged", board) !== null) event.preventDefault();
});
board.addEventListener("drop", (event) => {
  const to = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest(".board-cards")) : null;
  const card = document.getElementById(event.dataTransfer?.getData("text/plain") ?? "");
  if (to === null || card === null || !board.contains(card)) return;
  event.preventDefault();
  move(card, to);
});

board.addEventListener("keydown", (event) => {
  const card = cardOf(event.target);
  if (card === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const column = /** @type {HTMLElement} */ (card.parentElement);
  const steps = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1 });
  const side = steps[event.key];
  if (side !== undefined) {
    const other = columns()[columns().indexOf(column) + side];
    event.preventDefault();
    if (other === undefined) return;
    if (event.altKey) move(card, other);
    else (linkOf(other.children[Math.min([...column.children].indexOf(card), other.children.length - 1)]) ?? nearest(other, side))?.focus();
  } else if (!event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    linkOf(event.key === "ArrowUp" ? card.previousElementSibling : card.nextElementSibling)?.focus();
  } else if (!event.altKey && event.key.toLowerCase() === "m" && document.documentElement.dataset.keys !== "off") {
    event.preventDefault();
    location.assign(`/tasks/${card.id}/move`);
  }
});

/** Return the first card of the next column that has one. */
function nearest(/** @type {HTMLElement} */ column, /** @type {number} */ side) {
  const all = columns();
  for (let at = all.indexOf(column); at >= 0 && at < all.length; at += side) {
    const found = linkOf(all[at]?.firstElementChild);
    if (found) return found;
  }
  return null;
}

board.addEventListener("pointerdown", (event) => {
  const card = cardOf(event.target);
  if (card !== null && event.pointerType === "mouse") card.draggable = true;
});
