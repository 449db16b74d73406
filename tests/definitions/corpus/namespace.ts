export const id = 'namespace'
export const displayName = 'Namespace'
export const model = 'm/x'
export type { Named } from './shared'
