// @ts-check
import { first } from "./dom.js";
import { watch } from "./live.js";

/** A task that has not begun: its page is another one as soon as it stands otherwise. What is typed is kept as a draft. */
const task = first("[data-task]");
if (task) {
  watch(`task:${task.dataset.task}`, 0, { take: (ops) => ops.some((op) => op.k === "stand" && op.h !== task.dataset.stand) && location.reload() });
}
