// @ts-check
/** One socket for the tab. Each topic remembers how far it is, and goes on from there whenever the socket comes back. */

/** @typedef {{ k: string, h?: string, d?: string, x?: number, n?: number, c?: string, b?: string }} Op */
/** @typedef {{ take: (ops: Op[]) => void, reset?: () => void, gone?: () => void }} Watcher */

/** @type {Map<string, { seq: number, watcher: Watcher }>} */
const topics = new Map();
/** @type {Set<(word: "away" | "out", since: Date) => void>} */
const tellers = new Set();
/** @type {WebSocket | undefined} */
let socket;
let wait = 400;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let last = new Date();

function tell(/** @type {"away" | "out"} */ word) {
  for (const teller of tellers) teller(word, last);
}

function ask(/** @type {string[]} */ names) {
  if (socket?.readyState !== WebSocket.OPEN || !names.length) return;
  socket.send(JSON.stringify({ sub: Object.fromEntries(names.map((name) => [name, topics.get(name)?.seq ?? 0])) }));
}

function take(/** @type {{ t?: string, seq?: number, ops?: Op[], reset?: boolean, gone?: number, bye?: string }} */ said) {
  last = new Date();
  if (said.bye !== undefined) return socket?.close();
  const topic = topics.get(said.t ?? "");
  if (topic === undefined) return;
  if (said.gone) return topic.watcher.gone?.();
  topic.seq = Math.max(topic.seq, said.seq ?? 0);
  if (said.reset) topic.watcher.reset?.();
  else topic.watcher.take(said.ops ?? []);
}

function connect() {
  clearTimeout(timer);
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live`);
  socket.addEventListener("open", () => {
    wait = 400;
    last = new Date();
    ask([...topics.keys()]);
  });
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", (event) => {
    socket = undefined;
    if (event.code === 1008) return tell("out");
    tell("away");
    timer = setTimeout(connect, wait * (0.7 + Math.random() * 0.6));
    wait = Math.min(wait * 1.7, 8000);
  });
}

/**
 * Watch a topic from a position on.
 * @param {string} name
 * @param {number} seq
 * @param {Watcher} watcher
 */
export function watch(name, seq, watcher) {
  topics.set(name, { seq, watcher });
  if (socket === undefined) connect();
  else ask([name]);
}

/**
 * Be told when the page is not live any more. A topic is live from its first answer on.
 * @param {(word: "away" | "out", since: Date) => void} teller
 */
export function onState(teller) {
  tellers.add(teller);
}

addEventListener("pagehide", () => {
  clearTimeout(timer);
  if (socket?.readyState === WebSocket.OPEN) socket.close();
});
addEventListener("pageshow", (event) => {
  if (event.persisted && topics.size) connect();
});
