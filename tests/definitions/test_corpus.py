"""Definitions in every format, read as a team's folder is read, compared with what they come to.

`corpus/` holds the files (those under `seed/` are the examples of the public Agent Reference, word for word:
only line breaks that JavaScript needs were added); `corpus.json` says what each has to give.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from callboard.definitions.folder import load_folder
from callboard.definitions.reader import read_definitions
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import SandboxUnavailable
from callboard.ports.programs import ProgramLimits
from callboard.sandbox.programs.evaluator import ConfinedEvaluator

from .desk import TOOLS, only, shown

CORPUS = Path(__file__).parent / "corpus"
EXPECTED = json.loads((Path(__file__).parent / "corpus.json").read_text("utf-8"))
EVALUATOR = ConfinedEvaluator(limits=ProgramLimits(load_s=30))
DEFAULTS = AgentDefinition(id="a", display_name="A", model="m").to_json()


class Nowhere:
    """An evaluator on a machine that confines nothing."""

    def evaluate(self, files, entries):
        raise SandboxUnavailable("nothing confines programs here; set CALLBOARD_SANDBOX=off")


def facts(loaded):
    """Return the file of a definition and all of its fields that say something."""
    fields = {
        name: value
        for name, value in loaded.definition.to_json().items()
        if value != DEFAULTS[name] and name != "id"
    }
    warnings = [f"{warning.field}: {warning.message}" for warning in loaded.warnings]
    return {"file": loaded.file, **fields, **({"warnings": warnings} if warnings else {})}


@pytest.fixture(scope="module")
def catalogue():
    return load_folder(CORPUS, TOOLS, shown_as=".", evaluator=EVALUATOR)


def test_every_agent_of_the_corpus_is_what_its_file_says(catalogue):
    found = {loaded.definition.id: facts(loaded) for loaded in catalogue.definitions}
    assert found == EXPECTED["agents"]


def test_every_broken_file_is_a_problem_with_its_place(catalogue):
    problems = [f"{one.file}: {one.field}: {one.message}" for one in catalogue.problems]
    assert problems == EXPECTED["problems"]
    assert sorted(catalogue.broken_ids) == EXPECTED["broken"]


def test_every_other_file_is_skipped_with_its_reason(catalogue):
    assert [f"{one.file}: {one.message}" for one in catalogue.skipped] == EXPECTED["skipped"]


def test_the_corpus_has_every_format():
    formats = Counter(Path(agent["file"]).suffix for agent in EXPECTED["agents"].values())
    assert set(formats) == {
        ".ts",
        ".tsx",
        ".js",
        ".mjs",
        ".cjs",
        ".py",
        ".yaml",
        ".yml",
        ".json",
        ".md",
    }
    assert formats.total() >= 40


def test_where_nothing_confines_programs_data_still_loads_and_programs_say_how_to_go_on():
    catalogue = load_folder(CORPUS, TOOLS, shown_as=".", evaluator=Nowhere())
    files = {loaded.file for loaded in catalogue.definitions}
    assert {Path(file).suffix for file in files} == {".yaml", ".yml", ".json", ".md"}
    (one,) = [problem for problem in catalogue.problems if problem.file == "python/literal.py"]
    assert one.message.endswith("set CALLBOARD_SANDBOX=off")


def test_without_an_evaluator_literals_are_read_and_nothing_runs():
    catalogue = load_folder(CORPUS, TOOLS, shown_as=".")
    assert "py-literal" in {loaded.definition.id for loaded in catalogue.definitions}
    skipped = {problem.file: problem.message for problem in catalogue.skipped}
    assert skipped["made.ts"] == "is a program, and nothing here evaluates programs"


def test_a_single_file_sees_the_folder_of_agents_that_it_lies_in(tmp_path):
    agents = tmp_path / ".agents"
    (agents / "team").mkdir(parents=True)
    (agents / "name.ts").write_text("export const name = 'A'")
    file = agents / "team" / "a.ts"
    file.write_text(
        "import { name } from '../name'\nexport default { id: 'a', displayName: name, model: 'm/x' }"
    )
    assert only(read_definitions(file, TOOLS, evaluator=EVALUATOR)).display_name == "A"


def test_what_is_hidden_cannot_be_imported(tmp_path):
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "token.json").write_text('"secret"')
    (tmp_path / "a.ts").write_text(
        "import x from './.config/token.json'\nexport default { id: 'a', displayName: x, model: 'm/x' }"
    )
    (message,) = shown(read_definitions(tmp_path / "a.ts", TOOLS, evaluator=EVALUATOR))
    assert message.startswith(': line 2: "./.config/token.json" cannot be imported')


def test_links_and_large_files_are_not_there_to_be_imported(tmp_path):
    (tmp_path / "secret.ts").write_text("export default 'secret'")
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "link.ts").symlink_to(tmp_path / "secret.ts")
    (folder / "large.md").write_text("x" * (1 << 20) + "x")
    for name in ("link", "large.md"):
        text = (
            f"import x from './{name}'\nexport default {{ id: 'a', displayName: x, model: 'm/x' }}"
        )
        (folder / "a.ts").write_text(text)
        messages = shown(load_folder(folder, TOOLS, evaluator=EVALUATOR))
        assert any("cannot be imported: it is not in the folder" in message for message in messages)


@pytest.mark.parametrize(
    "agent_id",
    [
        "",
        "A",
        "a b",
        "a_b",
        "a/b",
        "a@1",
        "a\n",
        "a\u200b",
        "cоde",
        "ａ",
        "é",
        "a\x00b",
        "-" * 65,
        "a" * 100_000,
        None,
        1,
    ],
)
def test_an_id_is_at_most_64_plain_characters(desk, agent_id):
    (problem,) = desk.problems(id=agent_id)
    assert problem.startswith("id: ")
    assert len(problem) < 200


HOSTILE = {
    "a remote reference": {"$ref": "https://example.com/x.json"},
    "a file": {"$ref": "file:///etc/passwd"},
    "a reference to itself": {"type": "object", "$ref": "#"},
    "a catastrophic pattern": {"type": "object", "properties": {"a": {"pattern": "(" * 200}}},
    "a wrong keyword": {"type": "object", "properties": {"a": {"type": "objekt"}}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_is_refused_with_its_field(desk, name):
    schema = {"type": "object", **HOSTILE[name]}
    messages = desk.problems(outputMode="structured_output", outputSchema=schema)
    assert messages
    assert all(message.startswith("outputSchema") for message in messages)


def test_a_deep_schema_is_refused_with_its_field(desk):
    schema = {"type": "object"}
    for _ in range(150):
        schema = {"type": "object", "properties": {"a": schema}}
    (message,) = desk.problems(outputMode="structured_output", outputSchema=schema)
    assert message.startswith("outputSchema")
    assert "nested too deeply" in message


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: *a",
        "a: !!python/object/apply:os.system [id]",
        "a: !custom 1",
        "? [a]\n: b",
        "id: a\n---\nid: b",
        "a: " + "[" * 2000,
        "a: 1\na: 2",
        "<<: {id: a}\n<<: {id: b}",
        "%TAG ! tag:x,2000:\n---\na: !b 1",
    ],
)
def test_yaml_that_expands_executes_or_repeats_is_refused(desk, text):
    catalogue = desk.read("a.yaml", f"id: x\n{text}" if not text.startswith("%") else text)
    assert catalogue.definitions == ()
    assert catalogue.problems
