@sealed
class A {}
export default { id: 'decorated', displayName: 'B', model: 'm/x' }
