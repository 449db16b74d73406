import json
from pathlib import Path

from callboard.definitions.reader import read_definitions
from callboard.tools.catalog import built_in_tools

TOOLS = built_in_tools().names()


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
