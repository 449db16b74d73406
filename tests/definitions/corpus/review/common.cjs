const { join } = require('path')
module.exports = { id: 'common', displayName: join('a', '..', 'Common'), model: 'm/x' }
