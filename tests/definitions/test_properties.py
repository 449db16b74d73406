"""Whatever a file holds, reading it ends in a definition or in problems."""

import json
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from callboard.definitions.check import check_definition
from callboard.definitions.findings import Findings
from callboard.definitions.language import FIELDS, PARTS, spellings
from callboard.definitions.reader import read_definitions
from callboard.definitions.schema import schema_problem, validate_instance
from callboard.domain.definition.agent import AgentDefinition

from .desk import TOOLS

WORDS = st.sampled_from(
    ["type", "object", "string", "$ref", "#", "#/$defs/a", "allOf", "items", "a", "id"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS
NAMES = st.sampled_from(sorted(FIELDS)) | st.text(max_size=20)
PART_NAMES = st.sampled_from(
    sorted({name for model in PARTS.values() for name in spellings(model)})
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(PART_NAMES | WORDS | st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50)
SAID = TEXT.filter(str.strip)
IDS = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)


@given(st.dictionaries(NAMES, VALUES, max_size=12) | VALUES)
@example({"id": "a", "displayName": "A", "model": "m", "limits": {"costUsd": float("nan")}})
@example({"limits": {"costUsd": 10**400}, "toolNames": {}, "permissions": {"tool": []}})
@settings(max_examples=300)
def test_checking_never_raises(raw):
    findings = Findings("f")
    definition = check_definition(raw, TOOLS, findings)
    assert (definition is None) == bool(findings.problems)
    json.dumps([[p.file, p.field, p.message] for p in findings.problems]).encode("utf-8")
    for problem in findings.problems:
        str(problem).encode("utf-8")


@given(
    st.sampled_from([".json", ".yaml", ".md", ".py"]),
    st.binary(max_size=200) | st.text(max_size=200),
)
@settings(max_examples=300, deadline=None)
def test_reading_never_raises(suffix, content):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"a{suffix}"
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        file.write_bytes(b"---\n" * (suffix == ".md") + raw)
        catalogue = read_definitions(file, TOOLS)
        assert catalogue.definitions or catalogue.problems or catalogue.skipped


@given(st.dictionaries(WORDS, VALUES, max_size=6), VALUES)
@settings(max_examples=300)
def test_schemas_never_raise(schema, value):
    problem = schema_problem(schema)
    issues = validate_instance(schema, value)
    assert problem is None or issues


@given(
    st.fixed_dictionaries(
        {"id": IDS, "displayName": SAID, "model": SAID},
        optional={
            "version": TEXT,
            "toolNames": st.lists(st.sampled_from(TOOLS), max_size=5),
            "limits": st.fixed_dictionaries(
                {},
                optional={
                    "turns": st.integers(1, 100),
                    "costUsd": st.decimals(0, 1000, places=9).map(float),
                    "wallTimeS": st.floats(0.1, 1e6),
                },
            ),
            "systemPrompt": TEXT,
            "skills": st.lists(SAID, max_size=3),
            "reasoningOptions": st.fixed_dictionaries({"enabled": st.booleans()}),
            "providerOptions": st.dictionaries(TEXT, TEXT, max_size=3),
        },
    )
)
def test_a_definition_survives_being_written_and_read(raw):
    findings = Findings("f")
    definition = check_definition(raw, TOOLS, findings)
    assert findings.problems == []
    assert isinstance(definition, AgentDefinition)
    again = check_definition(json.loads(json.dumps(definition.to_json())), TOOLS, findings)
    assert again == definition
