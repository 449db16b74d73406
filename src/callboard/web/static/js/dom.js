// @ts-check
/** The one place where text becomes markup: what the server's own templates rendered and escaped. */
const trusted = /** @type {any} */ (globalThis).trustedTypes;
/** @type {{ createHTML: (text: string) => any }} */
const rules = { createHTML: (text) => text };
const policy = trusted?.createPolicy("ui", rules) ?? rules;

/**
 * Parse markup that the server rendered.
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function parse(text) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(text);
  return template.content;
}

/**
 * Ask the server for a part of a page. Throws where it refuses.
 * @param {string} path
 * @returns {Promise<DocumentFragment>}
 */
export async function part(path) {
  const answer = await fetch(path, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
  return parse(await answer.text());
}

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {HTMLElement | null}
 */
export const first = (selector, within = document) => within.querySelector(selector);

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {HTMLElement[]}
 */
export const all = (selector, within = document) => [...within.querySelectorAll(selector)].map((one) => /** @type {HTMLElement} */ (one));

/**
 * Make an element. `null` attributes are left out.
 * @param {string} name
 * @param {Record<string, string | null>} [attributes]
 * @param {...(Node | string)} content
 */
export function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
  element.append(...content);
  return element;
}
