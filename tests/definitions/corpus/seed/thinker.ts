// .agents/thinker.ts
const definition = {id: 'thinker',
// ... other fields ...
displayName: 'Thinker', model: 'anthropic/claude-sonnet-4.5',
reasoningOptions: {enabled: true,exclude: false,effort: 'high',},}
export default definition
