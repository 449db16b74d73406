"""Schemas from strangers: refused or harmless, never a hang, a crash or a request."""

from typing import Any

import pytest

from callboard.definitions.schema import JsonSchemas, schema_problem, validate_instance

REVIEW: Any = {
    "type": "object",
    "required": ["verdict"],
    "additionalProperties": False,
    "properties": {
        "verdict": {"enum": ["approve", "reject"]},
        "findings": {"type": "array", "items": {"type": "object", "required": ["file"]}},
    },
}
TREE = {
    "type": "object",
    "properties": {"children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["name"],
}


def validate(schema: Any, value: Any):
    return validate_instance(schema, value)


def nested(depth, wrap):
    schema = {"type": "string"}
    for _ in range(depth):
        schema = wrap(schema)
    return schema


def fan_out(keyword, levels=30):
    definitions = {
        f"l{n}": {keyword: [{"$ref": f"#/$defs/l{n + 1}"}, {"$ref": f"#/$defs/l{n + 1}"}]}
        for n in range(levels)
    }
    return {"$defs": {**definitions, f"l{levels}": {"type": "string"}}, "$ref": "#/$defs/l0"}


def comb(levels=40):
    return {
        "$defs": {
            "n": {"anyOf": [{"items": {"$ref": "#/$defs/n"}}, {"items": {"$ref": "#/$defs/n"}}]}
        },
        "type": "array",
        "$ref": "#/$defs/n",
    }


def deep_list(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


pytestmark = pytest.mark.timeout(60)
"""What takes as long as a schema wishes ends there."""


def test_a_conforming_value_has_no_issues():
    value = {"verdict": "approve", "findings": [{"file": "a.py"}]}
    assert validate(REVIEW, value) == ()


def test_issues_name_the_place_what_was_found_and_what_is_allowed():
    value: Any = {"verdict": "maybe", "findings": [{}], "extra": 1}
    issues = JsonSchemas().issues(REVIEW, value)
    assert 'verdict: "maybe" is not one of "approve" or "reject"' in issues
    assert 'findings[0]: "file" is a required property' in issues
    assert any(issue.startswith("value: Additional properties") for issue in issues)


def test_issues_are_few_and_short():
    schema = {"type": "array", "items": {"type": "integer"}}
    issues = validate(schema, ["x" * 10_000] * 1_000)
    assert len(issues) == 5
    assert max(map(len, issues)) < 400


def test_recursive_schemas_work():
    leaf = {"name": "leaf"}
    assert validate(TREE, {"name": "root", "children": [leaf, leaf]}) == ()
    assert validate(TREE, {"name": "root", "children": [{"children": []}]}) != ()


def test_a_branching_recursive_schema_is_not_refused_for_a_plain_value():
    expression = {
        "$defs": {
            "e": {
                "anyOf": [
                    {"type": "number"},
                    {"type": "array", "items": {"$ref": "#/$defs/e"}, "minItems": 1},
                ]
            }
        },
        "$ref": "#/$defs/e",
    }
    assert validate(expression, [1, [2, [3, [4]]]]) == ()
    assert validate(expression, [1, ["x"]]) != ()


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "http://127.0.0.1:9/x"}, "leads out"),
        ({"properties": {"a": {"$ref": "https://evil.test/"}}}, "properties.a"),
        ({"$ref": "file:///etc/passwd"}, "leads out"),
        ({"$ref": "other.json"}, "leads out"),
        ({"$schema": "http://evil.test/schema"}, "meta-schema"),
        ({"properties": {"a": {"$id": "http://evil.test/", "$ref": "#/x"}}}, "$id"),
        ({"$dynamicRef": "#x"}, "$dynamicRef"),
        ({"$recursiveRef": "#"}, "$recursiveRef"),
        ({"$ref": "#"}, "refers to itself"),
        ({"allOf": [{"anyOf": [{"$ref": "#"}]}]}, "refers to itself"),
        ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, "refers to itself"),
        ({"$anchor": "x", "not": {"$ref": "#x"}}, "refers to itself"),
        (nested(10_000, lambda s: {"allOf": [s]}), "deeply"),
        (nested(60, lambda s: {"allOf": [s]}), "deeply"),
        ({"type": "strin"}, "type"),
        ({"pattern": "(a{1000}){1000}{1000}"}, "pattern"),
        ({"pattern": "["}, "pattern"),
        ({"enum": [object()]}, "not JSON"),
        ({"enum": list(range(30_000)), "items": [{}] * 30_000}, "too large"),
    ],
)
def test_what_cannot_be_applied_is_said_to_be_so(schema, words):
    problem = schema_problem(schema)
    assert problem is not None
    assert words in problem


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": "(a+)+$"}, "a" * 5_000 + "!"),
        ({"pattern": r"(?=(a+))(\1+)+$"}, "a" * 5_000 + "!"),
        ({"pattern": r"^(([a-z])+.)+[A-Z]([a-z])+$(?!x)"}, "a" * 5_000 + "!"),
        (fan_out("anyOf"), 1),
        (fan_out("allOf"), 1),
        (comb(), deep_list(90)),
        (
            nested(45, lambda s: {"anyOf": [s], "unevaluatedProperties": {"type": "object"}}),
            {"a": {}},
        ),
        ({"type": "array", "items": {"$ref": "#"}}, deep_list(10_000)),
        ({"type": "string"}, "\ud800"),
        ({"type": "string"}, {"\ud800": 1}),
        ({"type": "string"}, object()),
        (fan_out("anyOf", levels=2_000), 1),
        ({"$ref": "#/$defs/missing"}, 1),
        ({"$ref": "#nowhere"}, 1),
        ({"$ref": "#/%zz/~2"}, 1),
    ],
    ids=range(15),
)
def test_hostile_schemas_and_values_end_soon_with_an_issue(schema, value):
    assert validate(schema, value) != ()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**70, -(2**63), 1e308])
def test_odd_numbers_do_no_harm(value):
    assert isinstance(validate({"type": "number", "multipleOf": 3}, value), tuple)


def test_names_of_properties_are_only_names():
    schema = {"properties": {"$ref": {"type": "string"}}, "examples": [{"$ref": "http://x"}]}
    assert schema_problem(schema) is None


def test_older_drafts_are_understood():
    draft = "http://json-schema.org/draft-07/schema#"
    assert validate({"$schema": draft, "items": [{"type": "string"}]}, [1]) != ()
