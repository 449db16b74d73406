"""What runs in the processes that programs are confined to: a zygote, and the workers forked from it.

The zygote is exec'd with an empty environment and loads all that programs may need, then forks on demand
and runs nothing of theirs itself. A worker confines itself and then serves one program over its socket.
Nothing here may import a package that is not in the standard library, except `_quickjs` and tree-sitter.
"""
