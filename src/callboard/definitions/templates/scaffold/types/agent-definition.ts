/**
 * Types for agent definitions in TypeScript. They help your editor; Callboard erases them and reads this
 * file for nothing else.
 */

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }
export type JsonSchema = { type?: string; [keyword: string]: unknown }
export type Prompt = string | { path: string }

export type ToolName =
  | 'add_message' | 'add_subgoal' | 'apply_patch' | 'ask_user' | 'browser_logs' | 'code_search'
  | 'compact_history' | 'create_plan' | 'end_turn' | 'find_files' | 'glob' | 'list_directory'
  | 'lookup_agent_info' | 'propose_str_replace' | 'propose_write_file' | 'read_docs' | 'read_files'
  | 'read_subtree' | 'read_url' | 'run_file_change_hooks' | 'run_terminal_command' | 'set_messages'
  | 'set_output' | 'skill' | 'spawn_agent_inline' | 'spawn_agents' | 'str_replace' | 'suggest_followups'
  | 'task_completed' | 'think_deeply' | 'update_subgoal' | 'web_search' | 'write_file' | 'write_todos'

export interface ToolCall {
  toolName: ToolName | (string & {})
  input: { [field: string]: JsonValue | undefined }
  /** false keeps the call and its result out of the conversation that the model sees. */
  includeToolCall?: boolean
}

export type ToolOutput =
  | { type: 'json'; value: any }
  | { type: 'media'; data: string; mediaType: string }

export interface AgentState {
  agentId: string
  runId: string
  parentId?: string
  messageHistory: { role: 'user' | 'assistant' | 'tool'; content: any; [more: string]: any }[]
  output?: any
  systemPrompt: string
  contextTokenCount: number
  stepsRemaining: number | null
}

export interface StepResult {
  agentState: AgentState
  /** The outputs of the call; empty after a turn. Where a string is wanted it reads as JSON text. */
  toolResult: ToolOutput[] & string
  toolError?: string
  stepsComplete: boolean
  nResponses?: string[]
}

export interface StepContext {
  agentState: AgentState
  prompt?: string
  params?: { [name: string]: any }
  model: string
  logger: Record<'debug' | 'info' | 'warn' | 'error', (data: unknown, message?: string) => void>
}

export type Yield =
  | ToolCall
  | 'STEP'
  | 'STEP_ALL'
  | { type: 'STEP_TEXT'; text: string }
  | { type: 'GENERATE_N'; n: number }

export interface PermissionRule {
  effect: 'allow' | 'ask' | 'deny'
  tool: string
  arguments?: { [name: string]: string }
}

export interface AgentDefinition {
  id: string
  displayName: string
  model: string
  version?: string
  publisher?: string
  provider?: string
  baseUrl?: string
  credential?: string
  reasoningOptions?: {
    enabled?: boolean
    exclude?: boolean
    effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'
    max_tokens?: number
  }
  providerOptions?: { [name: string]: JsonValue }
  mcpServers?: { [name: string]: JsonValue }
  toolNames?: (ToolName | (string & {}))[]
  spawnableAgents?: string[]
  permissions?: PermissionRule[]
  onUnknownOutcome?: 'tell_model' | 'ask'
  inputSchema?: { prompt?: JsonSchema; params?: JsonSchema }
  outputMode?: 'last_message' | 'all_messages' | 'structured_output'
  outputSchema?: JsonSchema
  includeMessageHistory?: boolean
  inheritParentSystemPrompt?: boolean
  spawnerPrompt?: string
  systemPrompt?: Prompt
  instructionsPrompt?: Prompt
  stepPrompt?: Prompt
  compactContext?: boolean | { maxContextLength?: number; cacheExpiryMs?: number; cacheExpiryMinTokens?: number }
  textToolCalls?: boolean
  skills?: string[]
  limits?: { turns?: number; costUsd?: number; wallTimeS?: number; depth?: number }
  handleSteps?: (context: StepContext) => Generator<Yield, void, StepResult>
}
