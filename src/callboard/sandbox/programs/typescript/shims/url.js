// File URLs, which is what definitions use URLs for.
const path = host.shim('path')
const plain = (url) => (typeof url === 'string' ? url : url.href)
class URL {
  constructor(text, base) {
    const given = String(text)
    if (/^[a-z][a-z0-9+.-]*:/i.test(given)) this.href = given
    else if (base !== undefined && plain(base).startsWith('file://')) {
      const folder = path.dirname(fileURLToPath(base))
      this.href = pathToFileURL(path.resolve(folder, given)).href
    } else throw new TypeError(`not a URL: ${given}`)
    this.protocol = this.href.slice(0, this.href.indexOf(':') + 1)
    this.pathname = this.protocol === 'file:' ? this.href.slice(7) : this.href
  }
  toString() { return this.href }
  toJSON() { return this.href }
}
const fileURLToPath = (url) => {
  const text = plain(url)
  if (!text.startsWith('file://')) throw new TypeError(`not a file URL: ${text}`)
  return decodeURIComponent(text.slice(7))
}
const pathToFileURL = (name) => new URL('file://' + encodeURI(path.resolve(name)))
Object.assign(exports, { URL, fileURLToPath, pathToFileURL })
