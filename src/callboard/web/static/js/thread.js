// @ts-check
import { localTimes as localDates } from "./app.js";
import { all, first, make, parse, part } from "./dom.js";
import { keepDrafts } from "./drafts.js";
import { onKey } from "./keys.js";
import { onState, watch } from "./live.js";
import { announce } from "./tell.js";

/** Rows of a thread on the page: at most so many while it is followed, and while somebody reads back. */
const FOLLOWING = 400;
const READING = 800;
const NEAR = 60;
const WORDS = { live: "Live", away: "Reconnecting", out: "Signed out: reload to sign in" };
const AROUND = ".ev-k-asked, .ev-k-ended, .ev-k-stepbegan, .ev-k-stepover, .ev-k-helper";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** Say times as clocks here do. */
function localTimes(/** @type {ParentNode} */ within) {
  for (const one of all(".ev-at time[datetime]", within)) {
    const at = new Date(one.getAttribute("datetime") ?? "");
    if (!Number.isNaN(at.getTime())) one.textContent = clock.format(at);
  }
  localDates(within);
}

const place = (/** @type {Element} */ row) => Number(/** @type {HTMLElement} */ (row).dataset.pos);
/** Where the page ends for whoever reads: above the bar at the foot. */
const edge = () => innerHeight - (first("[data-foot]")?.offsetHeight ?? 0);
const beyond = () => (first("[data-rows]")?.getBoundingClientRect().bottom ?? 0) - edge();
const isNear = () => beyond() < NEAR;
const toEnd = () => scrollBy(0, Math.max(beyond() + 12, 0));

class LiveThread extends HTMLElement {
  base = "";
  show = "";
  atEnd = false;
  unseen = 0;
  /** The furthest position that was on the page, but for what is being said just now. */
  furthest = 0;
  news = { rows: 0, failures: 0 };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  looking;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  saying;

  get rows() {
    return /** @type {HTMLElement} */ (first("[data-rows]", this));
  }

  connectedCallback() {
    this.base = this.dataset.base ?? "";
    this.show = this.dataset.show ?? "";
    this.atEnd = this.dataset.atEnd !== undefined;
    this.furthest = Math.max(0, ...all(".ev", this).map(place));
    if (this.rows === null) return;
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("toggle", (event) => this.opened(event), true);
    addEventListener("scroll", () => isNear() && this.seen(), { passive: true });
    const seq = Number(this.dataset.seq);
    watch(this.dataset.topic ?? "", seq, { take: (ops) => this.take(ops), reset: () => this.refresh(), gone: () => this.word("out") });
    onState((word, since) => this.word(word, since));
    localTimes(this);
    this.keys();
    if (matchMedia("(max-width: 900px)").matches) first(".rail-details")?.removeAttribute("open");
    if (this.find()) return;
    if (this.dataset.over === undefined && !location.hash && this.atEnd && !this.show) toEnd();
  }

  /** Go to the event that the address names, or to the row that it is part of. */
  find() {
    const wanted = Number(/^#e(\d+)$/.exec(location.hash)?.[1] ?? new URLSearchParams(location.search).get("around") ?? NaN);
    if (Number.isNaN(wanted)) return false;
    const rows = all(":scope > .ev", this.rows);
    const row = rows.findLast((one) => place(one) <= wanted);
    const outside = row === undefined || (row === rows[rows.length - 1] && !this.atEnd);
    if (outside && !location.search.includes("around=")) location.replace(`${this.base}?around=${wanted}${location.hash}`);
    else if (row) this.reach(row);
    return true;
  }

  word(/** @type {"live" | "away" | "out"} */ word, /** @type {Date} */ since = new Date()) {
    const target = first("[data-live-word]", this);
    if (target === null) return;
    target.textContent = WORDS[word] + (word === "away" ? ` (last update ${since.toLocaleTimeString()})` : "");
    target.dataset.liveWord = word;
  }

  take(/** @type {import("./live.js").Op[]} */ ops) {
    this.word("live");
    const near = isNear();
    let around = false;
    for (const op of ops) {
      const there = document.getElementById(op.k);
      if (op.x) there?.remove();
      else if (op.d !== undefined) first("[data-speech]", there ?? undefined)?.append(op.d);
      else if (op.h !== undefined) {
        const row = /** @type {HTMLElement | null} */ (parse(op.h).firstElementChild);
        if (row === null) continue;
        around ||= row.matches(AROUND);
        if (there !== null) this.replace(there, row);
        else this.put(row, near);
      }
    }
    this.trim(near);
    if (near && this.atEnd) toEnd();
    else this.pill();
    if (around) this.later(200 + Math.random() * 600);
    else if (ops.length) this.later(45_000 + Math.random() * 30_000);
  }

  /** A row takes the place of the one before: what somebody opened stays open. */
  replace(/** @type {HTMLElement} */ there, /** @type {HTMLElement} */ row) {
    const open = all("details", there).map((one) => /** @type {HTMLDetailsElement} */ (one).open);
    const focused = there.contains(document.activeElement);
    localTimes(row);
    there.replaceWith(row);
    all("details", row).forEach((one, number) => {
      if (open[number]) /** @type {HTMLDetailsElement} */ (one).open = true;
    });
    if (focused) (first("summary", row) ?? this.reach(row)).focus();
  }

  put(/** @type {HTMLElement} */ row, /** @type {boolean} */ near) {
    const position = place(row);
    if (this.dataset.q || (this.show && !(row.dataset.facets ?? "").split(" ").includes(this.show))) return;
    const isSpeech = row.id.startsWith("live-");
    if (!isSpeech && position > this.furthest) {
      this.furthest = position;
      this.count(row);
    }
    if (!this.atEnd) return void (isSpeech || (this.unseen += 1));
    const oldest = first(":scope > .ev", this.rows);
    if (oldest && position < place(oldest) && first("[data-older]", this.rows)) return;
    /** @type {Element | null} */
    let before = null;
    let last = this.rows.lastElementChild;
    for (; last && !(last.matches(".ev") && place(last) <= position); last = last.previousElementSibling) if (last.matches(".ev, [data-newer]")) before = last;
    localTimes(row);
    this.rows.insertBefore(row, before);
    if (!near) this.unseen += 1;
  }

  count(/** @type {HTMLElement} */ row) {
    for (const link of all(".thread-bar .seg a", this)) {
      const show = new URL(/** @type {HTMLAnchorElement} */ (link).href).searchParams.get("show");
      const number = first(".n", link);
      if (number && (show === null || (row.dataset.facets ?? "").split(" ").includes(show))) {
        number.textContent = (Number(number.textContent?.replace(/\D/g, "")) + 1).toLocaleString("en");
      }
    }
    this.news.rows += 1;
    if (row.dataset.failure !== undefined) this.news.failures += 1;
    this.saying ??= setTimeout(() => this.say(), 8000);
  }

  say() {
    const { rows, failures } = this.news;
    announce(`${rows} new event${rows === 1 ? "" : "s"}${failures ? `, ${failures} failure${failures === 1 ? "" : "s"}` : ""}`);
    this.news = { rows: 0, failures: 0 };
    this.saying = undefined;
  }

  /** Keep the page light: rows far above go while it is followed, and can be read back. */
  trim(/** @type {boolean} */ near) {
    const rows = all(":scope > .ev", this.rows);
    const most = near && this.atEnd ? FOLLOWING : READING;
    if (rows.length <= most) return;
    if (this.atEnd) {
      const height = document.documentElement.scrollHeight;
      for (const row of rows.slice(0, rows.length - most)) row.remove();
      this.link("older", "before", place(rows[rows.length - most]));
      if (!near) scrollBy(0, document.documentElement.scrollHeight - height);
    } else {
      for (const row of rows.slice(most)) row.remove();
      this.link("newer", "after", place(rows[most - 1]));
    }
  }

  link(/** @type {"older" | "newer"} */ side, /** @type {string} */ name, /** @type {number} */ position) {
    first(`[data-${side}]`, this.rows)?.remove();
    const query = new URLSearchParams({ [name]: String(position) });
    if (this.show) query.set("show", this.show);
    if (this.dataset.q) query.set("q", this.dataset.q);
    const words = side === "older" ? "Older" : "Newer";
    const one = make("p", { class: "thread-more", [`data-${side}`]: "" }, make("a", { href: `${this.base}?${query}` }, words));
    if (side === "older") this.rows.prepend(one);
    else this.rows.append(one);
  }

  pill() {
    let pill = first(".thread-pill", this);
    if (this.unseen === 0) return void pill?.remove();
    if (pill === null) {
      pill = make("button", { class: "thread-pill", type: "button" });
      pill.addEventListener("click", () => this.toLatest());
      this.append(pill);
    }
    pill.textContent = `${this.unseen} new`;
  }

  seen() {
    if (!this.atEnd) return;
    this.unseen = 0;
    this.pill();
  }

  toLatest() {
    if (!this.atEnd) return void location.assign(this.base + (this.show ? `?show=${this.show}` : ""));
    toEnd();
    this.seen();
  }

  /** The window anew, in its place: too much happened to tell it piece by piece. */
  async refresh() {
    this.word("live");
    const query = new URLSearchParams({ part: "rows" });
    if (this.show) query.set("show", this.show);
    const found = await part(`${this.base}?${query}`);
    const near = isNear();
    this.atEnd = true;
    localTimes(found);
    this.rows.replaceChildren(found);
    this.furthest = Math.max(0, ...all(".ev", this.rows).map(place));
    if (near) toEnd();
    this.later(0);
  }

  async more(/** @type {HTMLAnchorElement} */ link) {
    const side = link.parentElement?.dataset.older !== undefined ? "older" : "newer";
    const asked = new URL(link.href);
    asked.searchParams.set("part", "rows");
    link.textContent = "Reading…";
    const found = await part(asked.pathname + asked.search);
    const height = document.documentElement.scrollHeight;
    for (const row of all(".ev", found)) if (document.getElementById(row.id)) row.remove();
    localTimes(found);
    first(side === "older" ? "[data-newer]" : "[data-older]", found)?.remove();
    link.parentElement?.replaceWith(found);
    if (side === "older") {
      scrollBy(0, document.documentElement.scrollHeight - height);
      const rows = all(":scope > .ev", this.rows);
      if (rows.length > READING) {
        for (const row of rows.slice(READING)) row.remove();
        this.atEnd = false;
        this.link("newer", "after", place(rows[READING - 1]));
      }
    } else {
      this.atEnd = first("[data-newer]", this.rows) === null;
      const rows = all(":scope > .ev", this.rows);
      if (rows.length > READING) {
        const before = document.documentElement.scrollHeight;
        for (const row of rows.slice(0, rows.length - READING)) row.remove();
        this.link("older", "before", place(rows[rows.length - READING]));
        scrollBy(0, document.documentElement.scrollHeight - before);
      }
    }
  }

  clicked(/** @type {Event} */ event) {
    const target = event.target instanceof Element ? event.target : null;
    const link = /** @type {HTMLAnchorElement | null} */ (target?.closest("[data-older] a, [data-newer] a, a[data-part]") ?? null);
    if (link === null || (event instanceof MouseEvent && (event.ctrlKey || event.metaKey))) return;
    event.preventDefault();
    const done = link.dataset.part ? this.body(link) : this.more(link);
    done.catch(() => (link.textContent = "The server does not answer. Try again"));
  }

  async opened(/** @type {Event} */ event) {
    const details = event.target;
    if (!(details instanceof HTMLDetailsElement) || !details.open || details.matches(".more")) return;
    for (const link of all(":scope > .ev-open a[data-part]", details)) {
      await this.body(/** @type {HTMLAnchorElement} */ (link)).catch(() => undefined);
    }
  }

  async body(/** @type {HTMLAnchorElement} */ link) {
    const found = await part(link.dataset.part ?? "");
    (link.closest("p") ?? link).replaceWith(found);
  }

  later(/** @type {number} */ wait) {
    if (wait < 1000) {
      clearTimeout(this.looking);
      this.looking = undefined;
    }
    this.looking ??= setTimeout(() => this.around().catch(() => undefined), wait);
  }

  /** What is beside the rows and for this reader alone: the bar, the steps, the facts. Nothing typed is lost. */
  async around() {
    this.looking = undefined;
    if (document.hidden) return document.addEventListener("visibilitychange", () => this.later(200), { once: true });
    const found = await part(`${this.base}?part=around`);
    for (const fresh of all("[data-around]", found)) {
      const there = first(`[data-around="${fresh.dataset.around}"]`);
      if (there === null) continue;
      const field = /** @type {HTMLTextAreaElement | null} */ (first("textarea", there));
      const same = fresh.dataset.of !== undefined && fresh.dataset.of === there.dataset.of;
      if (same || (there.contains(document.activeElement) && fresh.dataset.around !== "foot")) continue;
      const typed = field?.value ?? "";
      const focused = field !== null && document.activeElement === field;
      localTimes(fresh);
      there.replaceWith(fresh);
      const now = /** @type {HTMLTextAreaElement | null} */ (first("textarea", fresh));
      if (now && typed) now.value = typed;
      if (now && focused) now.focus();
      if (fresh.dataset.around === "foot") keepDrafts();
    }
  }

  reach(/** @type {HTMLElement} */ row) {
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
    return row;
  }

  step(/** @type {string} */ selector, /** @type {number} */ by) {
    const rows = all(`:scope > ${selector}`, this.rows);
    const every = all(":scope > .ev", this.rows);
    const here = every.findIndex((row) => row.contains(document.activeElement));
    const middle = every.findIndex((row) => row.getBoundingClientRect().bottom > innerHeight / 2);
    const from = here >= 0 ? here : by > 0 ? middle - 1 : isNear() ? every.length : Math.max(middle, 0);
    const next = by > 0 ? rows.find((row) => every.indexOf(row) > from) : rows.findLast((row) => every.indexOf(row) < from);
    if (next) this.reach(next);
  }

  keys() {
    onKey("n", () => this.step("[data-message]", 1));
    onKey("p", () => this.step("[data-message]", -1));
    onKey("N", () => this.step("[data-failure]", 1));
    onKey("P", () => this.step("[data-failure]", -1));
    onKey("j", () => this.step(".ev", 1));
    onKey("k", () => this.step(".ev", -1));
    onKey("o", () => {
      const details = document.activeElement?.closest(".ev")?.querySelector("details");
      if (details) details.open = !details.open;
    });
    onKey("End", () => this.toLatest());
    onKey("d", () => first("[data-foot] textarea, [data-foot] button")?.focus());
    onKey("f", () => {
      const links = all(".thread-bar .seg a", this);
      const now = links.findIndex((one) => one.hasAttribute("aria-current"));
      links[(now + 1) % links.length]?.click();
    });
  }
}

customElements.define("live-thread", LiveThread);

document.addEventListener("keydown", (event) => {
  const form = event.target instanceof Element ? /** @type {HTMLFormElement | null} */ (event.target.closest("[data-foot] form")) : null;
  if (form === null || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  form.requestSubmit(first("button.primary", form));
});
