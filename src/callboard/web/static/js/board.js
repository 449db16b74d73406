// @ts-check
import { localTimes } from "./app.js";
import { all, first, parse } from "./dom.js";
import { reload } from "./leaving.js";
import { watch } from "./live.js";
import { announce } from "./tell.js";

/**
 * A board that moves with what others do. Columns are `[data-column]`, cards have the task's key as their id; a card
 * that somebody holds or stands on waits for them.
 */
class LiveBoard extends HTMLElement {
  /** @type {Map<string, import("./live.js").Op>} */
  waiting = new Map();

  connectedCallback() {
    watch(this.dataset.topic ?? "", Number(this.dataset.seq), { take: (ops) => ops.forEach((op) => this.place(op)), reset: reload });
    this.addEventListener("focusout", () => this.settle());
    this.addEventListener("dragend", () => this.settle());
  }

  settle() {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    waiting.forEach((op) => this.place(op));
  }

  place(/** @type {import("./live.js").Op} */ op) {
    if (first("#board", this) === null) return reload(); // the first task of a space that had none
    if (op.n !== undefined) return count(op.k.slice(1), op.n);
    const there = document.getElementById(op.k);
    if (there?.contains(document.activeElement) || there?.matches(".dragged")) return void this.waiting.set(op.k, op);
    if (op.x) return void there?.remove();
    const card = parse(op.h ?? "").firstElementChild;
    const column = cards(op.c ?? "");
    if (card === null || column === null) return;
    localTimes(card);
    if (there !== null && there.parentElement === column) return void there.replaceWith(card);
    there?.remove();
    const next = document.getElementById(op.b ?? "");
    column.insertBefore(card, next?.parentElement === column ? next : null);
    announce(`${op.k} moved`);
  }
}

const cards = (/** @type {string} */ column) => first(`[data-column="${CSS.escape(column)}"]`);

/** Say how many cards a column has, and with it the board. */
function count(/** @type {string} */ column, /** @type {number} */ n) {
  const section = /** @type {HTMLElement} */ (cards(column)?.closest(".board-column"));
  all("[data-count]", section).forEach((one) => (one.textContent = `${n}`));
  const total = all(".board-count").reduce((sum, one) => sum + Number(one.textContent), 0);
  first("#board-total")?.replaceChildren(`${total} task${total === 1 ? "" : "s"}`);
}

customElements.define("live-board", LiveBoard);
