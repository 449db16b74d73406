import { publisher } from 'shared/constants'
import { AgentDefinition, ToolName } from 'types/agent-definition'

const toolNames: ToolName[] = ['read_files', 'write_file'] as const as any
const definition: AgentDefinition = { id: 'from-root', displayName: 'Root', publisher, model: 'm/x', toolNames }
export { definition as default }
