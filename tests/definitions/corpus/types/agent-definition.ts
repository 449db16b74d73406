export type AgentDefinition = Record<string, unknown>
export type ToolName = 'read_files' | 'write_file'
