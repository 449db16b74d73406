const fields = { displayName: 'Plain', model: 'm/x' }
export default { id: 'plain', ...fields, skills: ['review', 'security'] }
