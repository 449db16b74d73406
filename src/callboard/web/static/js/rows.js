// @ts-check
import { localTimes } from "./app.js";
import { all, first, make, part } from "./dom.js";
import { onKey } from "./keys.js";
import { watch } from "./live.js";
import { announce } from "./tell.js";

const KEEPS = "tbody tr[id]";

/**
 * A table whose rows change in place with what happens: `data-topic` says that something did. Their order never changes by
 * itself: where they are sorted by what they say (`data-sorted`) it is said that they would stand elsewhere, and otherwise
 * how many are new.
 */
class LiveRows extends HTMLElement {
  timer = 0;

  connectedCallback() {
    watch(this.dataset.topic ?? "", Number(this.dataset.seq), { take: () => this.soon() });
    onKey("j", () => this.step(1));
    onKey("k", () => this.step(-1));
  }

  /** @param {number} by */
  step(by) {
    const links = all("tbody .who a:has(b)", this);
    const now = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
    links[Math.max(0, Math.min(now + by, links.length - 1))]?.focus();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renew().catch(() => {}), 300 + Math.random() * 700);
  }

  async renew() {
    const asked = new URL(location.href);
    asked.searchParams.set("part", "rows");
    const fresh = all("tr[id]", await part(asked.pathname + asked.search));
    const names = fresh.map((row) => row.id);
    const before = all(KEEPS, this).map((row) => row.id);
    fresh.forEach((row) => this.replace(row));
    const added = names.filter((name) => !before.includes(name)).length;
    if (this.dataset.sorted === undefined) {
      this.leave(names, added);
      return this.tell(added ? `${added} new` : "", "Show");
    }
    const moved = names.filter((name, place) => before[place] !== name).length + Math.max(before.length - names.length, 0);
    this.tell(moved ? `${moved} row${moved === 1 ? "" : "s"} changed place` : "", "Sort again");
  }

  /** What somebody stands on stays; what they ticked stays ticked. */
  replace(/** @type {HTMLElement} */ row) {
    const there = document.getElementById(row.id);
    if (there === null || there.contains(document.activeElement)) return;
    const box = /** @type {HTMLInputElement | null} */ (first("input[type=checkbox]", row));
    const before = /** @type {HTMLInputElement | null} */ (first("input[type=checkbox]", there));
    if (box && before) box.checked = before.checked;
    localTimes(row);
    there.replaceWith(row);
  }

  /** Take rows away that are not asked for any more; those that newer ones pushed to the next page stay. */
  leave(/** @type {string[]} */ names, /** @type {number} */ added) {
    const here = all(KEEPS, this);
    const last = added ? here.findLastIndex((row) => names.includes(row.id)) : here.length;
    here.forEach((row, place) => {
      if (place < last && !names.includes(row.id) && !row.contains(document.activeElement)) row.remove();
    });
  }

  tell(/** @type {string} */ words, /** @type {string} */ action) {
    const told = first(".rows-news", this);
    if (told?.dataset.words === words) return;
    told?.remove();
    if (!words) return;
    this.prepend(make("p", { class: "rows-news dim small", "data-words": words }, `${words} · `, make("a", { href: location.href }, action)));
    announce(words);
  }
}

customElements.define("live-rows", LiveRows);
