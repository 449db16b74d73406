exports.capitalize = (text) => text.charAt(0).toUpperCase() + text.slice(1)
exports.pluralize = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`
exports.truncateString = (text, length) => (text.length > length ? text.slice(0, length) + '...' : text)
exports.snakeToTitleCase = (text) => text.split('_').map(exports.capitalize).join(' ')
exports.isWhitespace = (char) => /\s/.test(char)
