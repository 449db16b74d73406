// @ts-check
import { all, first, make } from "./dom.js";
import { guardChanges, keepDrafts } from "./drafts.js";
import "./counters.js";
import { listen } from "./keys.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** Say times as clocks here do; the exact moment is in the tip. */
export function localTimes(/** @type {ParentNode} */ within = document) {
  for (const one of all("time[datetime]", within)) {
    const at = new Date(one.getAttribute("datetime") ?? "");
    if (Number.isNaN(at.getTime()) || one.title) continue;
    one.title = full.format(at);
    const text = one.textContent ?? "";
    if (/^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(text)) {
      const day = `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
      one.textContent = `${day} ${clock.format(at)}`;
    }
  }
}

/** @param {SubmitEvent} event */
function confirmFirst(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const question = form.dataset?.confirm;
  if (!question || form.dataset.sure) return;
  event.preventDefault();
  const by = event.submitter;
  const yes = make("button", { class: "btn primary", value: "yes" }, by?.textContent?.trim() || "Do it");
  const no = make("button", { class: "btn", value: "no", autofocus: "" }, "Leave it");
  const dialog = /** @type {HTMLDialogElement} */ (make("dialog", { "aria-label": question }, make("form", { method: "dialog", class: "stack" }, make("p", {}, question), make("div", { class: "row end" }, no, yes))));
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue !== "yes") return;
    form.dataset.sure = "yes";
    form.requestSubmit(/** @type {HTMLElement} */ (by));
  });
  dialog.showModal();
}

/** A form that is on its way is not sent a second time. */
function sendOnce(/** @type {SubmitEvent} */ event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
}

async function copy(/** @type {HTMLElement} */ button) {
  const text = first(`#${button.dataset.copy}`)?.textContent ?? "";
  await navigator.clipboard.writeText(text);
  const { toast } = await import("./tell.js");
  toast("Copied.");
}

async function palette() {
  const { open } = await import("./palette.js");
  open();
}

document.addEventListener("submit", confirmFirst);
document.addEventListener("submit", sendOnce);
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    palette();
  }
});
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const search = target?.closest("[data-palette]");
  const copied = /** @type {HTMLElement | null} */ (target?.closest("[data-copy]") ?? null);
  if (search && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    palette();
  } else if (copied) copy(copied);
});
document.addEventListener("change", (event) => {
  const field = event.target instanceof HTMLElement ? event.target : null;
  if (field?.matches("[data-submit]")) /** @type {HTMLFormElement} */ (field.closest("form")).requestSubmit();
});
addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));
listen();
localTimes();
first("[popover][data-open]")?.showPopover();
keepDrafts();
guardChanges();
