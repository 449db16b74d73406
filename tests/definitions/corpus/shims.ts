import { readFileSync } from 'fs'
import { join } from 'node:path'
import { fileURLToPath } from 'url'
import { AGENT_PERSONAS } from '@codebuff/common/constants/agents'
import { AgentTemplateTypes } from '@levelcode/common/types/session-state'
import { buildArray } from '@codebuff/common/util/array'
import { closeXml } from '@codebuff/common/util/xml'

const prompt = readFileSync(join(__dirname, 'prompts', 'reviewer.md'), 'utf8')
const here = fileURLToPath(import.meta.url)
export default {
  id: 'shims',
  displayName: AGENT_PERSONAS.file_picker.displayName,
  model: 'm/x',
  toolNames: buildArray('spawn_agents', false, ['end_turn']),
  spawnableAgents: [AgentTemplateTypes.file_picker],
  systemPrompt: `<review>${prompt.trim()}${closeXml('review')}`,
  stepPrompt: here.split('/').pop(),
}
