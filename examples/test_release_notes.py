"""The release notes writer may write the changelog and nothing else, and runs commands only when asked."""

from pathlib import Path

import pytest

from callboard.bootstrap import read_catalogue
from callboard.domain.message import JsonObject
from callboard.testing.policy import effect_of

(LOADED,) = (
    one
    for one in read_catalogue(Path(__file__).parent / "agents").definitions
    if one.definition.id == "release-notes"
)


@pytest.mark.parametrize(
    ("tool", "arguments", "effect"),
    [
        ("write_file", {"path": "CHANGELOG.md"}, "allow"),
        ("write_file", {"path": "./docs/../CHANGELOG.md"}, "allow"),
        ("write_file", {"path": "src/app.py"}, "deny"),
        ("run_terminal_command", {"command": "git log --oneline v1.0.."}, "ask"),
        ("read_files", {"paths": ["README.md"]}, "allow"),
    ],
)
def test_what_the_writer_may_do(tool: str, arguments: JsonObject, effect: str) -> None:
    assert effect_of(LOADED.definition, tool, arguments) == effect  # noqa: S101
