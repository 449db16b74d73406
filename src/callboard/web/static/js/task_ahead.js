// @ts-check
import { first } from "./dom.js";
import { reload } from "./leaving.js";
import { watch } from "./live.js";

/**
 * A task that has not begun: its page is another one as soon as it stands otherwise. The thread of its latest run: as soon
 * as there is a later one. What is typed is kept as a draft.
 */
const task = first("[data-task]");
if (task) {
  const run = task.dataset.run;
  /** @param {string} stand */
  const isAnother = (stand) => (run === undefined ? stand !== task.dataset.stand : !["", run].includes(stand.split(" ")[1] ?? ""));
  watch(`task:${task.dataset.task}`, 0, { take: (ops) => ops.some((op) => op.k === "stand" && isAnother(op.h ?? "")) && reload() });
}
