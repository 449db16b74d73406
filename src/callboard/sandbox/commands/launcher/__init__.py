"""The server of a jail: runs the commands of one workspace in confinement, and leaves nothing of them behind.

A program of its own, started once with an empty environment as `python -I -S -c "… launcher.main …" FD …`,
inside bubblewrap's namespaces or beside the commands (see `main`). It must start quickly, so it imports
little: no `typing`, `json`, `signal` or `subprocess`.

What it is asked comes over one inherited socket, in frames (see `wire`). It forks a lane for each command
that runs at the same time as others; a lane has a socket of its own, adopts everything that its command
leaves behind, and kills it. Where a socket closes, because the caller wants a command ended or is dead itself,
everything that was started over it ends.

Commands run as the same user. They can reach neither the server nor its lanes: no descriptor but the command's
own output is inherited, the processes are not dumpable, and landlock's scope keeps signals away from them.
"""
