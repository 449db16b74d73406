export default { id: 'arrow', displayName: 'B', model: 'm/x', handleSteps: () => 'STEP' }
