// @ts-check
import { all, first, parse } from "./dom.js";
import { announce } from "./tell.js";

/** What a text comes to is shown while somebody types: the drawing, the checks, what is wrong and what changes. */

const form = /** @type {HTMLFormElement | null} */ (first("[data-seen-as-typed]"));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;
let asked = 0;

async function look(/** @type {HTMLFormElement} */ form) {
  const mine = ++asked;
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  body.set("_once", crypto.randomUUID());
  body.set("then", "check");
  try {
    const answer = await fetch(`${form.getAttribute("action")}?part=seen`, { method: "POST", body, redirect: "error", credentials: "same-origin" });
    if (!answer.ok || mine !== asked) return;
    show(parse(await answer.text()));
  } catch {
    announce("The text could not be checked: the server does not answer.");
  }
}

function show(/** @type {DocumentFragment} */ seen) {
  const ticked = /** @type {HTMLInputElement | null} */ (first("[data-seen=anyway] input"))?.checked ?? false;
  for (const piece of all("[data-seen]", seen)) {
    const place = first(`[data-seen="${piece.dataset.seen}"]`);
    const drawn = piece.dataset.seen === "drawing" && piece.childElementCount === 0;
    if (place !== null && !drawn) place.replaceChildren(...piece.childNodes);
  }
  const box = /** @type {HTMLInputElement | null} */ (first("[data-seen=anyway] input"));
  if (box !== null) box.checked = ticked;
}

form?.addEventListener("input", (event) => {
  if (!(event.target instanceof HTMLElement) || !event.target.matches("[name=text], [name=space]")) return;
  clearTimeout(soon);
  soon = setTimeout(() => look(form), 600);
});
