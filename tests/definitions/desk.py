import json
from pathlib import Path

from callboard.definitions.reader import read_definitions

TOOLS = (
    "add_message",
    "code_search",
    "end_turn",
    "find_files",
    "glob",
    "list_directory",
    "read_files",
    "run_terminal_command",
    "set_messages",
    "set_output",
    "spawn_agents",
    "str_replace",
    "think_deeply",
    "write_file",
)


class Desk:
    """A folder to put definitions in and read them from."""

    def __init__(self, folder: Path):
        self.folder = folder

    def put(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, name, content):
        return read_definitions(self.put(name, content), TOOLS, shown_as=name)

    def check(self, **fields):
        return self.read("a.json", json.dumps(agent(**fields)))

    def problems(self, **fields):
        return shown(self.check(**fields))


def agent(**fields):
    return {"id": "a", "displayName": "A", "model": "scripted/x", **fields}


def shown(catalogue):
    return [f"{problem.field}: {problem.message}" for problem in catalogue.problems]


def only(catalogue):
    assert shown(catalogue) == []
    (loaded,) = catalogue.definitions
    return loaded.definition
