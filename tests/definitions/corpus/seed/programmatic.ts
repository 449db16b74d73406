export default { id: 'programmatic', displayName: 'Programmatic', model: 'anthropic/claude-sonnet-4.5',
toolNames: ['read_files', 'spawn_agents'], spawnableAgents: ['thinker'],
handleSteps: function* ({ prompt }) {const { toolResult } = yield {toolName: 'read_files',input: { paths: ['src/index.ts', 'src/config.ts'] },}
yield {toolName: 'spawn_agents',input: {agents: [{ agent_type: 'thinker', prompt: 'Analyze this code structure' }],},}
yield 'STEP_ALL'}
}
