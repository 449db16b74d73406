import { publisher } from '../shared/constants.ts'

export default { id: 'spawner', displayName: 'Spawner', publisher, model: 'm/x', spawnableAgents: ['made'],
  handleSteps: function* () { yield { toolName: 'spawn_agents', input: { agents: [] } } } }
