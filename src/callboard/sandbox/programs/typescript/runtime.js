// Runs linked modules: `input` is what link.py writes. The value is what the entry exports.
//
// The text of a module is evaluated inside `with (scope)`, strictly where it is one: the scope has a getter for
// each name that it imports, so that bindings are live, cycles work, a broken import fails where it is used and
// not before, and the text of every function stays as its author wrote it.
(function (input) {
  'use strict'
  const evaluate = globalThis.eval
  const absent = Symbol('absent')
  const explained = new WeakSet()
  const states = new Map()
  const shims = new Map()
  const host = { cwd: '/project', files: new Map(input.files), shim }

  const define = (object, name, get) => Object.defineProperty(object, name, { get, enumerable: true, configurable: true })

  // -- errors: said once, with the file and the line -----------------------------------------------------------
  const describe = (error) => {
    try {
      if (!(error instanceof Error)) return `threw ${String(error)}`
      return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`
    } catch {
      return 'failed'
    }
  }
  const place = (error, file) => {
    for (const [, text] of String(error?.stack ?? '').matchAll(/:(\d+)(?::\d+)?\)?$/gm)) {
      const line = Number(text)
      const module = input.modules.findLast((one) => one.base <= line)
      if (module && line < module.base + module.lines) return `${module.file}, line ${line - module.base + 1}`
    }
    return file
  }
  const explain = (error, file) => {
    if (explained.has(error)) return error
    const better = new Error(`${place(error, file)}: ${describe(error)}`)
    explained.add(better)
    return better
  }

  // -- shims -----------------------------------------------------------------------------------------------------
  function shim(name, given) {
    if (!shims.has(name)) {
      const exports = {}
      shims.set(name, exports)
      evaluate(`(function (exports, host) { 'use strict'\n${input.shims[name]}\n})`)(exports, { ...host, given })
    }
    return shims.get(name)
  }

  // -- modules ---------------------------------------------------------------------------------------------------
  const state = (index) => {
    if (!states.has(index)) {
      const one = { ...input.modules[index], names: new Map(), module: { exports: {} }, started: false, done: false }
      states.set(index, one)
    }
    return states.get(index)
  }
  const load = (index) => {
    const one = state(index)
    if (one.failed) throw one.failed
    if (one.started) return one
    one.started = true
    try {
      run(one)
      one.done = true
    } catch (error) {
      one.failed = explain(error, one.file)
      throw one.failed
    }
    return one
  }
  const run = (one) => {
    if (one.kind === 'text') one.module.exports = one.code
    else if (one.kind === 'json') one.module.exports = JSON.parse(one.code)
    else if (one.kind === 'shim') one.module.exports = shim(one.code)
    else {
      for (const target of one.loads) if (target >= 0) load(target)
      const text = '\n'.repeat(one.base - 1) + one.code
      const strict = one.kind === 'module'
      evaluate(text)(scopeOf(one)).call(strict ? undefined : one.module.exports)
    }
  }
  const scopeOf = (one) => {
    const scope = Object.create(null)
    const full = `${input.root}/${one.file}`
    const constant = (name, value) => Object.defineProperty(scope, name, { value, writable: true, configurable: true })
    constant('module', one.module)
    constant('exports', one.module.exports)
    constant('require', (specifier) => required(one, String(specifier)))
    constant('__filename', full)
    constant('__dirname', full.slice(0, full.lastIndexOf('/')))
    define(scope, 'process', () => shim('process'))
    if (globalThis.URL === undefined) define(scope, 'URL', () => shim('url').URL)
    if (globalThis.console === undefined) constant('console', silent)
    constant('__callboard', {
      export: (pairs) => pairs.forEach(([name, get]) => one.names.set(name, get)),
      meta: { url: `file://${full}`, filename: full, dirname: scope.__dirname },
    })
    for (const [name, target, imported] of one.bindings) define(scope, name, () => bound(target, imported, one))
    return scope
  }
  const silent = Object.fromEntries(['debug', 'error', 'info', 'log', 'warn'].map((name) => [name, () => {}]))

  const required = (one, specifier) => {
    const found = one.requires.find(([name]) => name === specifier)
    if (!found) throw new Error(`require of ${JSON.stringify(specifier)}: only literal names of files can be required`)
    return bound(found[1], '=', one)
  }
  // A target below zero is an import that leads nowhere.
  const refuse = (target) => {
    if (target < 0) throw new Error(input.missing[-1 - target])
  }
  const bound = (target, imported, one) => {
    refuse(target)
    const value = get(target, imported, new Set())
    if (value !== absent) return value
    const other = state(target)
    if (other.done) throw new Error(`${other.file} does not export ${imported} (imported by ${one.file})`)
    throw new Error(`${other.file} has not run yet: it and ${one.file} import one another`)
  }

  // `imported` is a name, `*` for the namespace, `=` for what `require` gives.
  const get = (index, imported, seen) => {
    const one = load(index)
    const plain = one.kind !== 'module'
    if (imported === '*') return namespace(one)
    if (imported === '=') return plain ? one.module.exports : namespace(one)
    return plain ? member(one, imported) : exported(one, imported, seen.add(index))
  }
  const member = (one, name) => {
    const value = one.module.exports
    const isObject = value !== null && (typeof value === 'object' || typeof value === 'function')
    if (name === 'default') return isObject && value.__esModule && 'default' in value ? value.default : value
    if (one.kind === 'shim' && !(name in value)) return absent
    return value === null || value === undefined ? undefined : value[name]
  }
  const exported = (one, name, seen) => {
    if (one.names.has(name)) return one.names.get(name)()
    const again = one.again.find(([own]) => own === name)
    if (again) {
      refuse(again[1])
      const value = get(again[1], again[2], seen)
      return value === absent && state(again[1]).done ? undefined : value // a type, or a slip that nobody uses
    }
    const stars = name === 'default' ? [] : one.again.filter(([own]) => own === '*')
    for (const [, target] of stars) {
      if (target < 0 || seen.has(target)) continue
      const value = get(target, name, seen)
      if (value !== absent) return value
    }
    for (const [, target] of stars) refuse(target)
    return absent
  }
  const namesOf = (one, seen = new Set()) => {
    if (seen.has(one)) return []
    seen.add(one)
    if (one.kind !== 'module') return Object.keys(Object(one.module.exports))
    const names = [...one.names.keys()]
    for (const [name, target] of one.again) {
      if (name !== '*') names.push(name)
      else if (target >= 0) names.push(...namesOf(load(target), seen).filter((it) => it !== 'default'))
    }
    return [...new Set(names)]
  }
  const namespace = (one) => {
    if (one.namespace) return one.namespace
    const made = Object.create(null)
    const plain = one.kind !== 'module'
    for (const name of namesOf(one)) define(made, name, () => valueOf(one, name))
    if (plain) define(made, 'default', () => member(one, 'default'))
    if (one.done) one.namespace = made
    return made
  }
  const valueOf = (one, name) => {
    const value = one.kind === 'module' ? exported(one, name, new Set()) : member(one, name)
    return value === absent ? undefined : value
  }

  // -- the entry ---------------------------------------------------------------------------------------------------
  const entry = load(0)
  try {
    const value = entry.kind === 'module' ? exported(entry, 'default', new Set()) : member(entry, 'default')
    if (value !== absent) return value
  } catch (error) {
    throw explain(error, entry.file)
  }
  const all = {}
  for (const name of namesOf(entry)) {
    try {
      Object.defineProperty(all, name, { value: valueOf(entry, name), enumerable: true, configurable: true })
    } catch {
      // A type that is exported again from somewhere else: nobody can use it as a value.
    }
  }
  return all
})
