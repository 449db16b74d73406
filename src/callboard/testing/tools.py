"""What every tool and every catalogue of tools do. Subclass, and give the fixture `catalog`."""

# ruff: noqa: D102 - the names of the tests are their sentences

import json

from pydantic import JsonValue

from callboard.domain.message import JsonObject
from callboard.ports.tools import ArgumentsInvalid, ToolCatalog

_LONG: list[JsonValue] = ["y"] * 1_000
HOSTILE: tuple[JsonObject, ...] = (
    {},
    {"": None},
    {"paths": {"a": [1, {"b": "\x00"}]}, "path": "\ud800", "command": ["x"]},
    {"agents": "[[[", "messages": "{}", "replacements": 7, "pattern": None},
    {"path": "x" * 100_000, "content": _LONG},
)


class ToolCatalogContract:
    """The behaviour of `callboard.ports.tools.ToolCatalog` and of the tools in it."""

    def test_names_are_sorted_and_each_has_its_tool(self, catalog: ToolCatalog) -> None:
        names = catalog.names()
        assert list(names) == sorted(set(names))
        for name in names:
            tool = catalog.get(name)
            assert tool is not None
            assert tool.spec.name == name

    def test_an_unknown_name_has_no_tool(self, catalog: ToolCatalog) -> None:
        for name in ("", "no such tool", "read_files ", "__class__"):
            assert catalog.get(name) is None

    def test_a_model_is_told_what_a_tool_takes(self, catalog: ToolCatalog) -> None:
        for name in catalog.names():
            tool = catalog.get(name)
            assert tool is not None
            assert tool.spec.description.strip()
            assert tool.spec.input_schema.get("type") == "object"
            json.dumps(tool.spec.input_schema, allow_nan=False)

    def test_only_what_changes_nothing_is_safe_to_repeat_as_a_read(
        self, catalog: ToolCatalog
    ) -> None:
        for name in catalog.names():
            tool = catalog.get(name)
            assert tool is not None
            if tool.facts.access == "read":
                assert tool.facts.retry_safety == "pure"

    def test_arguments_are_normalised_once_and_for_all_or_refused(
        self, catalog: ToolCatalog
    ) -> None:
        for name in catalog.names():
            tool = catalog.get(name)
            assert tool is not None
            for arguments in HOSTILE:
                try:
                    normal = tool.normalise(arguments)
                except ArgumentsInvalid as refusal:
                    assert str(refusal)  # noqa: PT017 - either outcome is right
                    continue
                assert tool.normalise(normal) == normal
