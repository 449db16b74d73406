// A process that knows nothing of the machine.
Object.assign(exports, {
  argv: [], cwd: () => host.cwd, env: Object.create(null), exitCode: undefined, pid: 1, platform: 'linux',
  version: '', versions: {},
})
