import { z } from 'zod/v4'
import { Anything } from 'nowhere-at-all'

export const schema = () => z.object({})
const definition: Anything = { id: 'unused-zod', displayName: 'Zod', model: 'm/x' }
export default definition
