exports.closeXml = (name) => '<' + '/' + name + '>'
exports.getStopSequences = (names) => names.map(exports.closeXml)
