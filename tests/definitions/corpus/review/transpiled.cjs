'use strict'
Object.defineProperty(exports, '__esModule', { value: true })
exports.default = { id: 'transpiled', displayName: 'Transpiled', model: 'm/x', mcpServers: { docs: { url: 'https://docs.example' } } }
