// @ts-check
import { all, first, make, part } from "./dom.js";
import { localTimes } from "./app.js";
import { onKey } from "./keys.js";
import { toast } from "./tell.js";

/** Evidence comes when it is asked for; J and K go from entry to entry, D to the decision. */

for (const evidence of all("[data-evidence]")) {
  evidence.addEventListener("toggle", async () => {
    const path = evidence.dataset.evidence;
    if (!(/** @type {HTMLDetailsElement} */ (evidence).open) || path === undefined) return;
    delete evidence.dataset.evidence;
    try {
      const found = await part(`${path}?part=evidence`);
      localTimes(found);
      evidence.replaceChildren(/** @type {Node} */ (first("summary", evidence)), found);
    } catch {
      evidence.dataset.evidence = path;
      toast("The evidence could not be read. Open it again to try once more.");
    }
  });
}

const entries = all(".inbox-entry");
const current = () => entries.findIndex((entry) => entry.contains(document.activeElement));
const go = (/** @type {number} */ to) => first("a.inbox-title", entries[Math.max(0, Math.min(to, entries.length - 1))])?.focus();

onKey("j", () => go(current() + 1));
onKey("k", () => go(current() - 1));
onKey("d", () => {
  const entry = entries[Math.max(current(), 0)];
  const decide = /** @type {HTMLDetailsElement | null} */ (entry ? first(".inbox-decide", entry) : null);
  if (decide === null) return;
  decide.open = true;
  first("textarea, input:not([type=hidden])", decide)?.focus();
});

/** What comes meanwhile is said, and shown when somebody asks for it: nothing moves under their hands. */
const count = first(".nav-count[data-live=waiting]");
if (count !== null) {
  const before = count.dataset.count;
  new MutationObserver(() => {
    if (count.dataset.count === before || first("#inbox-news") !== null) return;
    const show = make("button", { class: "btn small", type: "button" }, "Show it");
    show.addEventListener("click", () => location.reload());
    first("#main")?.prepend(make("p", { class: "alert note", id: "inbox-news", role: "status" }, "The inbox is different by now. ", show));
  }).observe(count, { attributes: true, attributeFilter: ["data-count"] });
}

const several = first("#several");
function chosen() {
  const any = all("input[name=chosen]").some((box) => /** @type {HTMLInputElement} */ (box).checked);
  all("[data-chosen]", several ?? document).forEach((button) => (/** @type {HTMLButtonElement} */ (button).disabled = !any));
}
if (several !== null) {
  document.addEventListener("change", chosen);
  chosen();
}
