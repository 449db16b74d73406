// Names of agents. Whatever name is asked for is there: agents are looked up when they are spawned.
const text = (name) => typeof name === 'string'
const title = (name) => name.split(/[_-]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')
const named = (make) => new Proxy({}, { get: (_, name) => (text(name) ? make(name) : undefined) })
exports.AgentTemplateTypes = named((name) => name)
exports.AGENT_NAMES = named(title)
exports.AGENT_PERSONAS = named((name) => ({ displayName: title(name), purpose: `Does the work of ${title(name)}.` }))
exports.AGENT_IDS = []
exports.AGENT_ID_PREFIX = 'codebuff/'
exports.AgentTemplateTypeList = []
