"""From a folder of TypeScript and JavaScript to one script: types erased, imports linked, nothing run.

Everything here runs inside the confined worker and imports the standard library and tree-sitter only.
"""
