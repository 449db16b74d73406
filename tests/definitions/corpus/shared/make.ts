import type { AgentDefinition } from '../types/agent-definition'
import { Model, publisher } from './constants'

export default function make<T extends string>(id: T, more: Partial<AgentDefinition> = {}): AgentDefinition {
  return { id, displayName: id.toUpperCase(), publisher, model: Model.Fast, ...more } satisfies AgentDefinition
}
