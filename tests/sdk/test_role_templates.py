"""The roles that come with the product, each at its example: the real engine, tools and sandbox in a real repository."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callboard import Callboard, RunResult
from callboard.bootstrap import role_template
from callboard.cli.demo_repository import make_repository
from callboard.definitions.registry import TEMPLATES, FolderRegistry
from callboard.definitions.role_templates import ROLES
from callboard.definitions.schema import validate_instance
from callboard.testing.model import ScriptedProvider, load_scripts
from callboard.tools.catalog import built_in_tools

pytestmark = pytest.mark.anyio

REVIEWERS = ("code-reviewer", "security-reviewer", "design-reviewer")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project")


async def at_its_example(role: str, repository: Path) -> RunResult:
    """Run a role, unchanged but for its model, at its example task, to the end of its script."""
    template = role_template(role)
    if template.files is not None:
        shutil.copytree(template.files, repository, dirs_exist_ok=True)
    shipped = FolderRegistry.open([], built_in_tools().names(), templates=TEMPLATES).all()
    agents = [one.model_copy(update={"model": f"scripted/{one.id}"}) for one in shipped]
    model = ScriptedProvider(load_scripts(template.script))
    board = Callboard(
        repository,
        agents=agents,
        providers={"scripted": model},
        environ={"CALLBOARD_HOME": str(repository.parent / "home")},
    )
    async with board as opened:
        result = await opened.run(role, template.task)
    model.assert_complete()
    return result


def changed(repository: Path) -> set[str]:
    said = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {line[3:] for line in said.splitlines()}


def passes(repository: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=repository,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.parametrize("role", REVIEWERS)
async def test_a_reviewer_gives_its_verdict_with_findings_and_changes_nothing(
    role: str, repository: Path
):
    template = role_template(role)
    result = await at_its_example(role, repository)
    assert result.status == "completed"
    verdict: Any = result.value
    schema = template.definition.output_schema
    assert schema is not None
    assert validate_instance(schema, verdict) == ()
    assert verdict["verdict"] == "reject"
    assert verdict["reason"]
    for finding in verdict["findings"]:
        lines = (repository / finding["file"]).read_text().splitlines()
        assert 1 <= finding["line"] <= len(lines)
    assert template.files is not None
    brought = {
        path.relative_to(template.files).as_posix()
        for path in template.files.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert changed(repository) <= brought


async def test_the_implementer_makes_the_tests_pass(repository: Path):
    assert not passes(repository)
    result = await at_its_example("implementer", repository)
    assert result.status == "completed"
    assert passes(repository)
    assert changed(repository) == {"tally/money.py", "tests/test_money.py"}


async def test_the_test_writer_cannot_change_the_code_under_test(repository: Path):
    before = (repository / "tally" / "order.py").read_text()
    result = await at_its_example("test-writer", repository)
    assert result.status == "completed"
    assert (repository / "tally" / "order.py").read_text() == before
    assert changed(repository) == {"tests/test_total.py"}


async def test_the_planner_hands_over_the_plan_that_was_thought_through(repository: Path):
    result = await at_its_example("planner", repository)
    plan: Any = result.value
    assert result.status == "completed"
    assert "tally/order.py: add `shipping" in plan["plan"]
    assert changed(repository) == set()


async def test_the_documentation_writer_leaves_a_page(repository: Path):
    result = await at_its_example("documentation-writer", repository)
    assert result.status == "completed"
    assert changed(repository) == {"docs/discounts.md"}


async def test_the_triager_says_where_to_begin_and_changes_nothing(repository: Path):
    result = await at_its_example("triager", repository)
    sorted_: Any = result.value
    schema = role_template("triager").definition.output_schema
    assert result.status == "completed"
    assert schema is not None
    assert validate_instance(schema, sorted_) == ()
    assert sorted_["severity"] == "medium"
    assert [place["file"] for place in sorted_["places"]] == ["tally/money.py"]
    assert changed(repository) == set()


def test_every_role_has_an_example_that_was_run_here():
    runs = {*REVIEWERS, "implementer", "test-writer", "planner", "documentation-writer", "triager"}
    assert runs == set(ROLES)
