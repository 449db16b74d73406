// Paths with slashes. `host.cwd` is where relative ones begin.
const normalize = (path) => {
  const absolute = path.startsWith('/')
  const kept = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') kept.push(part)
    else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.pop()
    else if (!absolute) kept.push('..')
  }
  return (absolute ? '/' : '') + kept.join('/') || '.'
}
const join = (...parts) => normalize(parts.filter((part) => part !== '').join('/'))
const resolve = (...parts) => {
  const first = parts.findLastIndex((part) => part.startsWith('/'))
  return join(...(first < 0 ? [host.cwd, ...parts] : parts.slice(first)))
}
const basename = (path, suffix = '') => {
  const name = path.replace(/\/+$/, '').split('/').pop()
  return suffix && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}
const dirname = (path) => {
  const end = path.replace(/\/+$/, '').lastIndexOf('/')
  return end < 0 ? '.' : path.slice(0, end) || '/'
}
const extname = (path) => {
  const name = basename(path)
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot) : ''
}
const relative = (from, to) => {
  const start = resolve(from).split('/').filter(Boolean)
  const end = resolve(to).split('/').filter(Boolean)
  let same = 0
  while (same < start.length && same < end.length && start[same] === end[same]) same++
  return [...start.slice(same).map(() => '..'), ...end.slice(same)].join('/')
}
const parse = (path) => {
  const base = basename(path)
  const ext = extname(path)
  const root = path.startsWith('/') ? '/' : ''
  return { root, dir: path.includes('/') ? dirname(path) : '', base, ext, name: basename(base, ext) }
}
Object.assign(exports, {
  basename, delimiter: ':', dirname, extname, isAbsolute: (path) => path.startsWith('/'), join, normalize, parse,
  posix: exports, relative, resolve, sep: '/',
})
