export const publisher = 'our-team'
export enum Model {
  Fast = 'google/gemini-2.5-flash',
  Strong = 'anthropic/claude-sonnet-4.5',
}
export type Named = { displayName: string }
