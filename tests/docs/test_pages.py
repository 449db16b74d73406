"""Links resolve, blocks are marked, the reference is what the code says."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from callboard.definitions.language import NOT_USED_YET
from callboard.tools.catalog import built_in_tools
from tests.architecture.test_stored_names import ENDINGS

from .pages import ROOT, anchors, blocks, links, pages

LANGUAGES = {"bash", "text", "python", "yaml", "json", "markdown"}
NEEDS = {"key", "network", "terminal", "checkout"}
KINDS = {"agent", "workflow", "policy", "models", "script", "test", "output"}

each_page = pytest.mark.parametrize(
    "page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix()
)


@each_page
def test_every_link_leads_somewhere(page: Path):
    for link in links(page):
        if re.match(r"https?://", link):
            continue
        target, _, anchor = link.partition("#")
        there = (page.parent / unquote(target)).resolve() if target else page
        assert there.exists(), link
        assert ROOT in (there, *there.parents), link
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), link


@each_page
def test_every_block_says_what_it_is_and_what_it_needs(page: Path):
    for block in blocks(page):
        assert block.language in LANGUAGES, block.place
        for mark in block.marks:
            name, _, value = mark.partition("=")
            known = {"needs": NEEDS, "exit": {"1", "2"}}.get(name)
            assert mark in KINDS or (known and value in known), f"{block.place}: {mark}"


@each_page
def test_no_line_of_a_page_is_too_long_to_read_in_a_terminal(page: Path):
    if page.parent.name == "reference":
        return
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        assert len(line) <= 130 or "|" in line or "](" in line, f"{page.name}:{number}"


def test_every_page_can_be_reached_from_the_readme():
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        for link in links(page):
            there = (page.parent / link.partition("#")[0]).resolve() if link[0] != "#" else page
            todo.append(there / "README.md" if there.is_dir() else there)
    lost = {page for page in pages() if "examples" not in page.parts} - seen
    assert {page.name for page in lost} <= {"CHANGELOG.md"}


def test_the_readme_begins_with_the_two_commands():
    first = blocks(ROOT / "README.md")[0]
    assert [line.split("#")[0].strip() for line in first.text.splitlines()] == [
        "make demo",
        "make test",
    ]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)


def test_the_reference_says_what_the_code_says():
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nrun `make docs`"


def test_every_way_in_which_a_run_can_fail_is_documented():
    text = (ROOT / "docs" / "agent-language.md").read_text(encoding="utf-8")
    assert {code for code in ENDINGS - {"error"} if f"`{code}`" not in text} == set()


def test_every_tool_and_every_unused_field_is_in_the_reference():
    tools = (ROOT / "docs" / "reference" / "tools.md").read_text(encoding="utf-8")
    assert [name for name in built_in_tools().names() if f"\n## {name}\n" not in tools] == []
    fields = (ROOT / "docs" / "reference" / "definition.md").read_text(encoding="utf-8")
    assert [name for name in NOT_USED_YET if f"`{name}`" not in fields] == []


def test_decisions_are_numbered_without_gaps_and_short():
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        for part in ("**Context.**", "**Options", "**Decision.**", "**Consequences.**"):
            assert part in text, f"{path.name}: {part}"
        assert len(text.splitlines()) < 60, path.name


def test_pictures_are_readable_in_the_light_and_in_the_dark():
    for path in (ROOT / "docs" / "images").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        root = ET.fromstring(text)
        assert root.find("{http://www.w3.org/2000/svg}title") is not None, path.name
        assert "prefers-color-scheme: dark" in text, path.name
        assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), path.name


def test_the_changelog_has_an_entry_for_this_version():
    from callboard import __version__  # noqa: PLC0415 - the package's own word

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {__version__}" in text
