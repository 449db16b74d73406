export default {
  id: 'method', displayName: 'Method', model: 'm/x', toolNames: [] as string[],
  *handleSteps({ agentState }: any) { while (true) { const { stepsComplete } = yield 'STEP'; if (stepsComplete) break } },
}
