import type { AgentStepContext } from '../seed/types/agent-definition'

const handleSteps = function* ({ prompt, logger }: AgentStepContext & { logger: any }): Generator<any, void, any> {
  // Comments stay.
  const { toolResult, toolError } = yield { toolName: 'read_files', input: { paths: [prompt!] } }
  if (toolError) { logger.warn({ toolError }); return }
  yield { type: 'STEP_TEXT', text: String(toolResult) } as const
}
export default { id: 'steps', displayName: 'Steps', model: 'm/x', toolNames: ['read_files'], handleSteps }
