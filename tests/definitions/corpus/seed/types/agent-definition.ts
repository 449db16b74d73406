// What an editor needs to know; nothing of it is left when the file is read.
import type { z } from 'zod/v4'

export interface AgentDefinition {
  id: string
  displayName: string
  model: string
  handleSteps?: (context: AgentStepContext) => Generator<ToolCall | 'STEP' | 'STEP_ALL', void, StepResult>
  [field: string]: unknown
}
export interface AgentStepContext {
  prompt?: string
  params?: Record<string, any>
}
export type ToolCall = { toolName: string; input: Record<string, unknown> }
export type StepResult = { toolResult: any; toolError?: string; stepsComplete: boolean }
export type Schema = z.ZodType
