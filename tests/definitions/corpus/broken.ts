export default { id: 'broken', displayName: 'B', model: 'm/x',
  toolNames: ['read_files'
}
