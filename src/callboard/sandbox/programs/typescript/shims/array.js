exports.buildArray = (...items) => items.flat(Infinity).filter((item) => Boolean(item))
exports.filterDefined = (items) => items.filter((item) => item !== undefined && item !== null)
exports.range = (count) => Array.from({ length: count }, (_, index) => index)
exports.unique = (items) => [...new Set(items)]
