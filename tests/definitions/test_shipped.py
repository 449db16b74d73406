"""What comes with the product: templates, the workflow, the scaffold."""

from typing import Any

import pytest

from callboard.definitions.folder import load_folder
from callboard.definitions.reader import read_definitions
from callboard.definitions.registry import TEMPLATES, FolderRegistry
from callboard.definitions.scaffold import FILES, scaffold
from callboard.definitions.schema import validate_instance
from callboard.definitions.workflows import load_workflow, shipped_workflows
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid, UnknownThing
from callboard.domain.workflow import AgentStep

from .desk import TOOLS, shown

MODELS = {
    "base": "anthropic/claude-sonnet-4.6",
    "code-reviewer": "anthropic/claude-sonnet-4.6",
    "context-pruner": "google/gemini-2.5-flash",
    "design-reviewer": "google/gemini-2.5-pro",
    "documentation-writer": "anthropic/claude-haiku-4.5",
    "file-picker": "google/gemini-2.5-flash",
    "implementer": "anthropic/claude-haiku-4.5",
    "planner": "openai/gpt-5",
    "researcher": "google/gemini-2.5-flash",
    "reviewer": "google/gemini-2.5-pro",
    "security-reviewer": "anthropic/claude-opus-4.6",
    "test-writer": "anthropic/claude-sonnet-4.6",
    "thinker": "openai/gpt-5",
    "triager": "google/gemini-2.5-flash",
}


def test_the_templates_are_flawless_and_pair_roles_with_models():
    catalogue = load_folder(TEMPLATES, TOOLS)
    assert (catalogue.problems, catalogue.skipped, catalogue.warnings) == ((), (), ())
    assert {one.definition.id: one.definition.model for one in catalogue.definitions} == MODELS
    for loaded in catalogue.definitions:
        assert loaded.definition.skills
        if loaded.definition.id == "context-pruner":  # it asks no model
            continue
        assert loaded.definition.system_prompt
        assert loaded.definition.instructions_prompt


@pytest.mark.parametrize("reviewer", ["code-reviewer", "security-reviewer", "design-reviewer"])
def test_reviewers_only_read_and_give_a_verdict(reviewer):
    definition = FolderRegistry.open([], TOOLS).get(reviewer)
    assert definition is not None
    assert not {"write_file", "str_replace", "run_terminal_command"} & set(definition.tool_names)
    assert definition.output_mode == "structured_output"
    assert definition.output_schema is not None
    finding = {"file": "a.py", "line": 3, "severity": "low", "comment": "x"}
    if reviewer != "security-reviewer":
        finding["severity"] = "minor"
    output: Any = {"verdict": "reject", "reason": "because", "findings": [finding]}
    assert validate_instance(definition.output_schema, output) == ()
    assert validate_instance(definition.output_schema, output | {"verdict": "maybe"}) != ()
    assert validate_instance(definition.output_schema, {"verdict": "approve"}) != ()


def test_the_workflow_sends_rejected_work_back_to_its_author():
    workflow = load_workflow("implement-review-sign-off")
    assert [step.id for step in workflow.steps] == ["implement", "review", "sign-off"]
    assert {step.on_reject for step in workflow.steps} == {"implement"}
    agents = [step.agent for step in workflow.steps if isinstance(step, AgentStep)]
    registry = FolderRegistry.open([], TOOLS)
    assert all(agent is not None and registry.get(agent) is not None for agent in agents)


def test_an_unknown_workflow_is_answered_with_the_nearest():
    with pytest.raises(UnknownThing, match="implement-review-sign-off"):
        load_workflow("implement-review-signoff")
    assert "implement-review-sign-off" in shipped_workflows()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("id: w\ntitle: W\nsteps: []", "steps"),
        ("id: w\nsteps: [{id: a, title: A}]", "title"),
        ("id: w\ntitle: ' '\nsteps: [{id: a, title: A}]", "title"),
        ("id: w\ntitle: W\nsteps: [{id: a, title: ''}]", "steps[0].title"),
        ("id: w\ntitle: W\nsteps: [{id: a, title: A, skills: ['']}]", "steps[0].skills[0]"),
        (
            "id: w\ntitle: W\nsteps: [{id: a, title: A, agent: x, on_reject: b}]",
            "steps[0].on_reject",
        ),
        ("id: w\ntitle: W\nsteps: [{id: a, title: A}, {id: a, title: B}]", "steps[1].id"),
        ("id: w\ntitle: W\nsteps: [{id: a, title: A, agent: 7}]", "steps[0].agent"),
        ("id: w\ntitle: W\nsteps: [{id: a, title: A, agent: a/b/c}]", "steps[0].agent"),
        ("id: w\ntitle: W\nsteps: [{id: a, title: A, agents: x}]", "steps[0].agents"),
        ("id: w\ntitle: W\nsteps: [x]", "steps[0]"),
        ("id: w\ntitle: W\nsteps: [{kind: robot, id: a, title: A}]", "steps[0]"),
        ("- x", ""),
        ("id: &a w", ""),
    ],
)
def test_a_wrong_workflow_names_its_field(tmp_path, text, field):
    path = tmp_path / "w.yaml"
    path.write_text(text)
    with pytest.raises(DefinitionInvalid) as caught:
        load_workflow(path)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_a_workflow_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "missing.yaml", tmp_path / "w.py"):
        with pytest.raises(DefinitionInvalid, match=path.name):
            load_workflow(path)


def test_the_scaffold_holds_agents_that_validate(tmp_path):
    done = scaffold(tmp_path)
    assert {path.name for path in done.written} == set(FILES)
    catalogue = load_folder(tmp_path / ".agents", TOOLS)
    assert (shown(catalogue), catalogue.warnings) == ([], ())
    assert {one.definition.id for one in catalogue.definitions} == {"repo-guide", "haiku-reviewer"}


def test_the_scaffold_overwrites_nothing(tmp_path):
    (tmp_path / ".agents").mkdir()
    mine = tmp_path / ".agents" / "repo-guide.yaml"
    mine.write_text("mine")
    outside = tmp_path / "outside"
    (tmp_path / ".agents" / "README.md").symlink_to(outside)
    done = scaffold(tmp_path)
    assert {path.name for path in done.kept} == {"repo-guide.yaml", "README.md"}
    assert mine.read_text() == "mine"
    assert not outside.exists()


def test_a_scaffold_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / ".agents").write_text("")
    with pytest.raises(ConfigurationInvalid, match=r"\.agents"):
        scaffold(tmp_path)


@pytest.mark.parametrize(
    "name",
    [path.name for path in (TEMPLATES.parent / "scaffold").iterdir() if path.suffix != ".md"],
)
def test_the_commented_example_warns_of_nothing(name):
    assert read_definitions(TEMPLATES.parent / "scaffold" / name, TOOLS).warnings == ()
