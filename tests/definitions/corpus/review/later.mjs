import def from './plain.mjs'
export default { ...def, id: 'later', compactContext: { maxContextLength: 1000 }, windowedFileReads: true, textToolCalls: true }
