import type { AgentDefinition } from './types/agent-definition'

/** Lists the files that hold a TODO, without asking a model. Try: callboard run todo-lister */
const definition: AgentDefinition = {
  id: 'todo-lister',
  displayName: 'Todo Lister',
  model: 'anthropic/claude-haiku-4.5',
  spawnerPrompt: 'Lists the files that hold a TODO.',
  toolNames: ['code_search'],
  outputMode: 'structured_output',
  inputSchema: {
    params: { type: 'object', properties: { pattern: { type: 'string' } } },
  },

  handleSteps: function* ({ params, logger }) {
    const pattern: string = params?.pattern ?? 'TODO'
    const { toolResult, toolError } = yield { toolName: 'code_search', input: { pattern } }
    if (toolError) {
      logger.warn({ toolError }, 'the search failed')
    }
    const files: string[] = toolError ? [] : JSON.parse(toolResult)
    yield { toolName: 'set_output', input: { data: { pattern, files } } }
  },
}

export default definition
