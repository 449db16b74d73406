export default { id: 'combining', displayName: 'Combining', model: 'anthropic/claude-sonnet-4.5',
toolNames: ['code_search', 'read_files', 'spawn_agents'], spawnableAgents: ['security-reviewer'],
handleSteps: function* ({ params }) {
const { toolResult: searchResults } = yield {toolName: 'code_search',input: { pattern: params.searchPattern || 'TODO' },}
const files = JSON.parse(searchResults || '[]').slice(0, 10)
if (files.length) {yield { toolName: 'read_files', input: { paths: files } }}
if (files.some((file) => file.includes('security'))) {yield {toolName: 'spawn_agents',input: {agents: [{agent_type: 'security-reviewer',prompt: `Review security implications in: ${files.join(', ')}`,},],},}}
yield 'STEP_ALL'
}
}
