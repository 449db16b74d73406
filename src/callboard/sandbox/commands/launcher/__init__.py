"""Runs one command in confinement and leaves nothing of it behind.

A program of its own, started as `python -I -S -c "… import launcher.main …"` with an empty environment.
It must start quickly, so it imports little: no `typing`, `json`, `signal` or `subprocess`. What to do
comes over stdin; stdin then stays open as the lifeline: when it closes, because the caller wants the
command ended or is dead itself, everything that was started is killed. The outcome goes to a status pipe:
`exit N`, `killed N` or `failed REASON`.
"""
