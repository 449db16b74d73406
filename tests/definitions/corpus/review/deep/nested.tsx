import { factory } from '../../shared/index.js'

const same = <T,>(value: T): T => value
export default factory(same('nested'), { systemPrompt: { path: './nested.md' } })
