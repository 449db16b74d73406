import { factory, Model } from './shared'
import limits from './shared/limits.json' with { type: 'json' }
import system from './prompts/reviewer.md'
import step from './prompts/steps.txt?raw'

export default factory('made', { model: Model.Strong, limits, systemPrompt: system, stepPrompt: step.trim() })
