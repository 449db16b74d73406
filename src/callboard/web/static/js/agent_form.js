// @ts-check
import { first, parse } from "./dom.js";

/** The form of an agent is checked while it is written: by the server, a moment after the last key. */
const form = /** @type {HTMLFormElement | null} */ (first("form[data-check]"));
const place = first("#agent-check");
const QUIET_MS = 500;
let timer = 0;
let asked = 0;

async function check() {
  if (!form || !place) return;
  const number = ++asked;
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (!name.startsWith("_")) fields.append(name, String(value));
  try {
    const answer = await fetch(form.dataset.check ?? "", { method: "POST", body: fields, credentials: "same-origin" });
    if (number !== asked) return;
    if (answer.ok && !answer.redirected) place.replaceChildren(parse(await answer.text()));
  } catch {
    // offline: saving checks it again
  }
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(check, QUIET_MS);
});
if (form) check();
