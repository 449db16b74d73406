// @ts-check
/** How long somebody who is leaving may be on the way: a download or a stopped page leaves them here. */
const ON_THE_WAY_MS = 10_000;
let left = -ON_THE_WAY_MS;
addEventListener("beforeunload", () => (left = performance.now()));

/** Show the page anew: whoever is on the way to another one goes there, a reload would call them back. */
export function reload() {
  const rest = left + ON_THE_WAY_MS - performance.now();
  if (rest <= 0) location.reload();
  else setTimeout(reload, rest);
}
