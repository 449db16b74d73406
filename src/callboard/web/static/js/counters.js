// @ts-check
import { all } from "./dom.js";
import { watch } from "./live.js";

/** The numbers of the navigation, and of the tab's title, as they change. */
function take(/** @type {import("./live.js").Op[]} */ ops) {
  for (const { k, n } of ops) {
    if (n === undefined) continue;
    for (const one of all(`[data-live="${CSS.escape(k)}"]`)) {
      if (k === "working") one.textContent = `${n} agent${n === 1 ? "" : "s"} working`;
      else {
        one.dataset.count = String(n);
        one.textContent = String(n);
      }
    }
    if (k === "waiting") document.title = (n ? `(${n}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  }
}

if (document.querySelector("[data-live]")) watch("me", 0, { take });
