// The same, later: a definition is complete when its file has run, so only programs that wait see it.
const fs = host.given ?? host.shim('fs')
for (const name of ['access', 'lstat', 'readFile', 'readdir', 'realpath', 'stat']) {
  exports[name] = async (...args) => fs[name + 'Sync'](...args)
}
