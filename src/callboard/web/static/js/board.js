// @ts-check
import { localTimes } from "./app.js";
import { first, parse } from "./dom.js";
import { reload } from "./leaving.js";
import { watch } from "./live.js";
import { announce } from "./tell.js";

/**
 * A board that moves with what others do. Columns are `[data-column]`, cards have the task's key as their id; a card
 * that somebody holds or stands on waits for them.
 */
class LiveBoard extends HTMLElement {
  connectedCallback() {
    /** @type {Map<string, import("./live.js").Op>} */
    this.waiting = new Map();
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
    const there = document.getElementById(op.k);
    if (there?.contains(document.activeElement) || there?.matches(".dragged")) return void this.waiting.set(op.k, op);
    if (op.x) return void there?.remove();
    const card = parse(op.h ?? "").firstElementChild;
    const column = first(`[data-column="${CSS.escape(op.c ?? "")}"]`, this);
    if (card === null || column === null) return;
    localTimes(card);
    if (there !== null && there.closest("[data-column]") === column) return void there.replaceWith(card);
    there?.remove();
    column.append(card);
    announce(`${op.k} moved`);
  }
}

customElements.define("live-board", LiveBoard);
