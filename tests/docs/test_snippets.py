"""Every snippet is run or checked: a page that lies fails here."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import typer

from callboard.cli.commands import app
from callboard.definitions.model_names import MODELS_FILE, FileModelNames
from callboard.definitions.policies import read_policy
from callboard.definitions.reader import read_definitions
from callboard.definitions.workflows import load_workflow
from callboard.testing.model import load_scripts
from callboard.tools.catalog import built_in_tools
from tests.cli.warm import put_on_path

from .pages import ROOT, Block, blocks, pages

SUFFIXES = {"yaml": ".yaml", "json": ".json", "markdown": ".md", "python": ".py"}
KEYS = ("OPENROUTER", "ANTHROPIC", "OPENAI", "GEMINI", "CALLBOARD")

everything = [block for page in pages(written=False) for block in blocks(page)]
stories = [page for page in pages(written=False) if any(_ for _ in blocks(page))]


def chosen(*kinds: str, language: str | None = None) -> list[Block]:
    return [
        block
        for block in everything
        if set(kinds) <= set(block.marks) and language in (None, block.language)
    ]


def environment(home: Path, *programs: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(KEYS)}
    path = os.pathsep.join(map(str, [*programs, Path(sys.executable).parent, kept.get("PATH", "")]))
    own = {"CALLBOARD_HOME": str(home), "CALLBOARD_KEYRING": "off"}
    return kept | own | {"PATH": path, "COLUMNS": "200"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", stories, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path):
    """In order, in one empty directory and one shell's variables, without any key."""
    work, state, programs = tmp_path / "work", tmp_path / "state.sh", tmp_path / "programs"
    work.mkdir()
    programs.mkdir()
    held = put_on_path(programs)
    env = environment(tmp_path / "home", programs)
    state.write_text(f"cd {shlex.quote(str(work))}\n")
    output = ""
    for block in blocks(page):
        if block.language == "bash" and block.needs is None:
            output = _run(block, state, env, held)
        elif block.language == "text" and "output" in block.marks:
            _compare(block, output)
        elif block.language == "python" and "test" in block.marks:
            (work / "test_agent.py").write_text(block.text)


def _run(block: Block, state: Path, env: dict[str, str], held: int) -> str:
    """Run a block, and keep its directory and its variables for the next one."""
    kept = 'echo "cd $(printf %q "$PWD")"; declare -p run fork head 2>/dev/null'
    keep = f"code=$?; set +e; {{ {kept}; }} > {state}; exit $code"
    script = f"source {state}\ntrap {shlex.quote(keep)} EXIT\nset -e\n{block.text}"
    done = subprocess.run(
        ["bash", "-c", script],
        env=env,
        pass_fds=[held],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == int(block.mark("exit") or 0), f"{block.place}\n{said}"
    assert "Traceback" not in said, block.place
    return said


def _compare(block: Block, output: str) -> None:
    """Each line is somewhere in the output, in order; an ellipsis stands for anything."""
    place = 0
    lines = output.splitlines()
    for line in block.text.splitlines():
        parts = [re.escape(" ".join(part.split())) for part in line.split("…")]
        pattern = re.compile(r"\s*" + ".*".join(rf"\s*{part}\s*" for part in parts))
        matching = [
            number
            for number, said in enumerate(lines[place:], start=place)
            if pattern.fullmatch(" ".join(said.split()))
        ]
        assert matching, f"{block.place}: {line!r} is not in\n" + "\n".join(lines[place:])
        place = matching[0] + 1


@pytest.mark.parametrize(
    "block",
    [block for block in everything if block.language == "bash"],
    ids=lambda block: block.place,
)
def test_a_command_on_a_page_exists_with_the_options_that_it_is_given(block: Block):
    checked = subprocess.run(
        ["bash", "-n", "-c", block.text], capture_output=True, text=True, check=False, timeout=20
    )
    assert checked.returncode == 0, f"{block.place}: {checked.stderr}"
    for words in _calls(block.text):
        _check_call(words, block.place)


def _calls(text: str) -> list[list[str]]:
    plain = re.sub(r"<<'END'\n.*?^END$", "", text, flags=re.DOTALL | re.MULTILINE)
    pattern = re.compile(r"(?:^|[\s(])callboard(?P<rest> [^\n|>)]*)", re.MULTILINE)
    return [shlex.split(match["rest"], comments=True) for match in pattern.finditer(plain)]


def _check_call(words: list[str], place: str) -> None:
    command = cast("Any", typer.main.get_command(app))
    context = command.context_class(command, info_name="callboard")
    while words and hasattr(command, "get_command"):
        if words[0].startswith("-"):
            break
        below = command.get_command(context, words[0])
        assert below is not None, f"{place}: callboard has no {words[0]!r}"
        command, words = below, words[1:]
        context = command.context_class(
            command, info_name=words[0] if words else "", parent=context
        )
    known = {
        "--help",
        *(name for one in command.params for name in (*one.opts, *one.secondary_opts)),
    }
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given <= known, f"{place}: {given - known}"


@pytest.mark.parametrize("block", chosen("agent"), ids=lambda block: block.place)
def test_a_definition_on_a_page_is_valid_without_a_warning(block: Block, tmp_path: Path):
    file = tmp_path / f"agent{SUFFIXES[block.language]}"
    file.write_text(block.text, encoding="utf-8")
    read = read_definitions(file, built_in_tools().names())
    assert [str(problem) for problem in (*read.problems, *read.warnings, *read.skipped)] == []
    assert len(read.definitions) == 1


@pytest.mark.parametrize("block", chosen("workflow"), ids=lambda block: block.place)
def test_a_workflow_on_a_page_is_valid(block: Block, tmp_path: Path):
    file = tmp_path / "workflow.yaml"
    file.write_text(block.text, encoding="utf-8")
    assert load_workflow(file).steps


@pytest.mark.parametrize("block", chosen("models"), ids=lambda block: block.place)
def test_every_file_of_model_names_can_be_read(block: Block, tmp_path: Path):
    (tmp_path / MODELS_FILE).write_text(block.text)
    assert asyncio.run(FileModelNames((tmp_path,)).known()).chains


@pytest.mark.parametrize("block", chosen("policy"), ids=lambda block: block.place)
def test_a_policy_on_a_page_is_valid(block: Block, tmp_path: Path):
    file = tmp_path / "policy.yaml"
    file.write_text(block.text, encoding="utf-8")
    layer = read_policy(file, "organisation")
    assert layer is not None
    assert layer.rules


@pytest.mark.parametrize("block", chosen("script"), ids=lambda block: block.place)
def test_a_script_on_a_page_is_valid(block: Block, tmp_path: Path):
    file = tmp_path / "script.yaml"
    file.write_text(block.text, encoding="utf-8")
    assert load_scripts(file)


@pytest.mark.parametrize(
    "block",
    [block for block in everything if block.language == "python" and not block.marks],
    ids=lambda block: block.place,
)
def test_python_on_a_page_runs(block: Block, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block.text],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{block.place}\n{done.stderr}"


def test_every_block_of_data_says_what_it_is():
    unmarked = [
        block.place
        for block in everything
        if block.language in {"yaml", "json", "markdown"} and not block.marks
    ]
    assert unmarked == []


def test_every_example_is_valid_and_its_test_passes(tmp_path: Path):
    here = ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path)]
    for command in (
        ["callboard", "agents", "validate", str(ROOT / "examples" / "agents")],
        [sys.executable, "-m", "pytest", "-q", *here, str(ROOT / "examples")],
    ):
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(tmp_path / "home"),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
