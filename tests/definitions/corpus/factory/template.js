const lines = ['one', 'two']
export default { id: 'template', displayName: 'T', model: 'm/x', instructionsPrompt: `Do:\n${lines.map((l) => `- ${l}`).join('\n')}` }
