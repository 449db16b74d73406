import { z } from 'zod'

export default { id: 'throws', displayName: 'B', model: 'm/x', inputSchema: z.object({}) }
