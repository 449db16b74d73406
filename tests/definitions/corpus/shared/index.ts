export * from './constants'
export { default as factory } from './make'
export type { Named } from './constants'
