// The folder's texts as files that can be read. `host.files` holds them by their absolute paths.
const path = host.shim('path')
const fault = (code, text, name) => Object.assign(new Error(`${code}: ${text}, '${name}'`), { code })
const place = (name) => {
  const text = name !== null && typeof name === 'object' && 'href' in name ? name.href : String(name)
  return path.resolve(text.startsWith('file://') ? decodeURIComponent(text.slice(7)) : text)
}
const isFolder = (full) => {
  const start = full === '/' ? full : full + '/'
  for (const name of host.files.keys()) if (name.startsWith(start)) return true
  return false
}
const existsSync = (name) => host.files.has(place(name)) || isFolder(place(name))
// Always a text, whatever the encoding: it has the `toString` that callers ask of a buffer.
const readFileSync = (name) => {
  const full = place(name)
  if (host.files.has(full)) return host.files.get(full)
  throw fault('ENOENT', 'no such file in the folder of agents', full)
}
const statSync = (name, options = {}) => {
  const full = place(name)
  const file = host.files.has(full)
  if (!file && !isFolder(full)) {
    if (options.throwIfNoEntry === false) return undefined
    throw fault('ENOENT', 'no such file in the folder of agents', full)
  }
  const size = file ? host.files.get(full).length : 0
  return { isDirectory: () => !file, isFile: () => file, isSymbolicLink: () => false, size }
}
const readdirSync = (name, options = {}) => {
  const full = place(name)
  const start = full === '/' ? full : full + '/'
  const found = new Map()
  for (const one of host.files.keys()) {
    if (!one.startsWith(start)) continue
    const [first, ...rest] = one.slice(start.length).split('/')
    found.set(first, rest.length > 0)
  }
  if (found.size === 0) throw fault('ENOENT', 'no such folder', full)
  const names = [...found.keys()].sort()
  if (!options || !options.withFileTypes) return names
  const entry = (one) => ({
    name: one, parentPath: full, isDirectory: () => found.get(one), isFile: () => !found.get(one),
    isSymbolicLink: () => false,
  })
  return names.map(entry)
}
const accessSync = (name) => { statSync(name) }
const realpathSync = (name) => { statSync(name); return place(name) }
Object.assign(exports, {
  accessSync, existsSync, lstatSync: statSync, readFileSync, readdirSync, realpathSync, statSync,
})
for (const name of ['appendFileSync', 'mkdirSync', 'rmSync', 'unlinkSync', 'writeFileSync']) {
  exports[name] = (file) => { throw fault('EROFS', 'files cannot be changed here', place(file)) }
}
exports.promises = host.shim('fs-promises', exports)
