// @ts-check
import { localTimes } from "./app.js";
import { all, first, make, part } from "./dom.js";
import { onKey } from "./keys.js";
import { watch } from "./live.js";
import { announce } from "./tell.js";

/** Rows of the roster change in place when agents do something else. Their order never changes by itself. */
class LiveRows extends HTMLElement {
  connectedCallback() {
    this.timer = 0;
    watch("agents", 0, { take: () => this.soon() });
    onKey("j", () => this.step(1));
    onKey("k", () => this.step(-1));
  }

  /** @param {number} by */
  step(by) {
    const links = all("tbody .who a", this);
    const now = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
    links[Math.max(0, Math.min(now + by, links.length - 1))]?.focus();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renew().catch(() => {}), 300 + Math.random() * 700);
  }

  async renew() {
    const found = await part(`/agents/rows${location.search}`);
    const fresh = all("tr[id]", found);
    let moved = 0;
    fresh.forEach((row, place) => {
      const there = document.getElementById(row.id);
      if (there === null || all("tbody tr[id]", this)[place] !== there) moved += 1;
      if (there === null || there.contains(document.activeElement)) return;
      const box = /** @type {HTMLInputElement | null} */ (first("input[type=checkbox]", row));
      const before = /** @type {HTMLInputElement | null} */ (first("input[type=checkbox]", there));
      if (box && before) box.checked = before.checked;
      localTimes(row);
      there.replaceWith(row);
    });
    moved += Math.max(all("tbody tr[id]", this).length - fresh.length, 0);
    this.tellOrder(moved);
  }

  /** @param {number} moved */
  tellOrder(moved) {
    first(".roster-moved", this)?.remove();
    if (!moved) return;
    const words = `${moved} row${moved === 1 ? "" : "s"} changed place`;
    this.prepend(make("p", { class: "roster-moved dim small" }, `${words} · `, make("a", { href: location.href }, "Sort again")));
    announce(words);
  }
}

customElements.define("live-rows", LiveRows);
