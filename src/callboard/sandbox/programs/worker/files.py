"""Definition files of either language."""

from collections.abc import Mapping

from callboard.sandbox.programs.worker import javascript_files, python_files


def evaluated(files: Mapping[str, str], entry: str, memory: int) -> str:
    """Return the definitions of a file as the JSON text of a list.

    Raises:
        Fault: it has a problem.
    """
    if entry.endswith(".py"):
        return python_files.definitions_of(files, entry)
    return javascript_files.definitions_of(files, entry, memory)
