"""What every checker of JSON Schemas does. Subclass, and give the fixture `schemas`."""

# ruff: noqa: D102 - the names of the tests are their sentences

from pydantic import JsonValue

from callboard.domain.message import JsonObject
from callboard.ports.schemas import Schemas

PERSON: JsonObject = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
}


def _nested(depth: int) -> JsonObject:
    schema: JsonObject = {"type": "string"}
    for _ in range(depth):
        schema = {"allOf": [schema]}
    return schema


class SchemasContract:
    """The behaviour of `callboard.ports.schemas.Schemas`."""

    def test_finds_nothing_wrong_with_what_conforms(self, schemas: Schemas) -> None:
        assert schemas.issues(PERSON, {"name": "Ann", "age": 3}) == ()
        assert schemas.issues({}, None) == ()

    def test_names_what_is_wrong_and_where(self, schemas: Schemas) -> None:
        assert "name" in " ".join(schemas.issues(PERSON, {}))
        assert "age" in " ".join(schemas.issues(PERSON, {"name": "Ann", "age": -1}))

    def test_says_little_about_much(self, schemas: Schemas) -> None:
        wrong: list[JsonValue] = [1] * 10_000
        found = schemas.issues({"type": "array", "items": {"type": "string"}}, wrong)
        assert 0 < len(found) <= 10
        assert sum(map(len, found)) < 10_000

    def test_hostile_schemas_neither_hang_nor_raise_nor_fetch(self, schemas: Schemas) -> None:
        hostile: tuple[JsonObject, ...] = (
            {"$ref": "http://127.0.0.1:9/schema.json"},
            {"$ref": "#"},
            {"type": "no such type"},
            {"pattern": "("},
            {"pattern": "(a+)+$", "type": "string"},
            _nested(2_000),
        )
        for schema in hostile:
            assert isinstance(schemas.issues(schema, "a" * 5_000 + "!"), tuple)
