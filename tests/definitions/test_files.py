"""Files and folders that are not what they seem."""

import json
import os

import pytest

from callboard.definitions.folder import load_folder

from .desk import TOOLS, agent, only, shown


def with_prompt(desk, path):
    return desk.check(systemPrompt={"path": path})


@pytest.mark.parametrize("path", ["p.md", "./p.md", "prompts/../p.md", "prompts/deep/p.md"])
def test_a_prompt_may_live_in_a_file_beside_the_definition(desk, path):
    desk.put("p.md", "\ufeffYou are\r\nA.")
    desk.put("prompts/deep/p.md", "You are\nA.")
    assert only(with_prompt(desk, path)).system_prompt == "You are\nA."


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../secret.txt", "leads out"),
        ("a/../../secret.txt", "leads out"),
        ("/etc/passwd", "must be a path relative"),
        ("/dev/stdin", "must be a path relative"),
        ("", "must be a path relative"),
        (".", "is a folder"),
        ("missing.md", "does not exist"),
        ("folder", "is a folder"),
        ("link.md", "symbolic link"),
        ("linked/secret.txt", "symbolic links are not followed"),
        ("fifo", "is not a regular file"),
        ("sparse", "is larger than"),
        ("binary", "is not UTF-8"),
        ("x" * 300, "File name too long"),
        ("~/secret.txt", "does not exist"),
        ("file:///etc/passwd", "does not exist"),
    ],
)
def test_a_prompt_cannot_come_from_anywhere_else(desk, path, reason):
    secret = desk.folder.parent / "secret.txt"
    secret.write_text("secret")
    (desk.folder / "link.md").symlink_to(secret)
    (desk.folder / "linked").symlink_to(desk.folder.parent)
    (desk.folder / "folder").mkdir()
    os.mkfifo(desk.folder / "fifo")
    desk.put("binary", b"\xff\x00")
    with (desk.folder / "sparse").open("wb") as sparse:
        sparse.truncate(10 * 1024**3)
    (problem,) = shown(with_prompt(desk, path))
    assert problem.startswith("systemPrompt.path: ")
    assert reason in problem
    assert "secret\n" not in problem


@pytest.mark.parametrize("value", [{"path": 1}, {"path": "p.md", "x": 1}, {}, {"file": "p.md"}])
def test_a_prompt_is_text_or_a_path_and_nothing_else(desk, value):
    (problem,) = desk.problems(stepPrompt=value)
    assert problem.startswith("stepPrompt: must be text or {path: …}")


def test_a_definition_that_is_no_regular_file_is_refused_without_waiting(desk):
    os.mkfifo(desk.folder / "fifo.yaml")
    (desk.folder / "folder.yaml").mkdir()
    (problem,) = load_folder(desk.folder, TOOLS).problems
    assert problem.message == "is not a regular file"


def test_links_in_a_folder_are_skipped_and_named(desk):
    outside = desk.folder.parent / "outside"
    outside.mkdir()
    (outside / "b.json").write_text(json.dumps(agent(id="b")))
    (desk.folder / "b.json").symlink_to(outside / "b.json")
    (desk.folder / "linked").symlink_to(outside)
    catalogue = load_folder(desk.folder, TOOLS)
    assert catalogue.definitions == ()
    assert len(catalogue.skipped) == 2


def test_a_folder_gives_its_agents_and_says_what_became_of_every_other_file(desk):
    good = [
        desk.put("a.json", json.dumps(agent(id="a"))),
        desk.put("team/b.yaml", "id: b\ndisplayName: B\nmodel: m/x"),
        desk.put("team/deep/c.md", "---\nid: c\ndisplayName: C\nmodel: m/x\n---\n"),
    ]
    skipped = [
        desk.put("README.md", "# Agents"),
        desk.put("_draft.py", "definition = {}"),
        desk.put("conftest.py", ""),
        desk.put("d.spec.json", "{}"),
        desk.put("d.test.ts", ""),
        desk.put("helpers.py", "X = 1"),
        desk.put("mcp.json", '{"mcpServers": {"files": {"command": "x"}}}'),
        desk.put("other.json", '{"compilerOptions": {}}'),
        desk.put("prompts/p.md", "You are"),
        desk.put("t.d.ts", ""),
        desk.put("t.ts", ""),
        desk.put("test_x.py", ""),
        desk.put("x_test.py", ""),
        *(
            desk.put(f"{name}/x.json", "{").parent
            for name in ("scripts", "skills-x", "node_modules")
        ),
    ]
    desk.put(".hidden/x.json", "{")
    desk.put("notes.txt", "")
    broken = desk.put("broken.yaml", "id: [")
    catalogue = load_folder(desk.folder, TOOLS, shown_as=".agents")
    names = {f".agents/{path.relative_to(desk.folder)}" for path in skipped}
    assert {loaded.definition.id for loaded in catalogue.definitions} == {
        path.stem for path in good
    }
    assert {problem.file for problem in catalogue.skipped} == names
    assert {problem.file for problem in catalogue.problems} == {f".agents/{broken.name}"}
    assert catalogue.broken_ids == {"broken"}


def test_of_two_definitions_with_one_id_the_first_stays(desk):
    desk.put("1.json", json.dumps(agent(displayName="First")))
    desk.put("2.json", json.dumps(agent(displayName="Second")))
    catalogue = load_folder(desk.folder, TOOLS, shown_as=".")
    assert [loaded.definition.display_name for loaded in catalogue.definitions] == ["First"]
    (problem,) = catalogue.problems
    assert (problem.file, problem.field) == ("2.json", "id")
    assert "1.json" in problem.message


def test_a_folder_that_does_not_exist_holds_nothing(tmp_path):
    catalogue = load_folder(tmp_path / "nowhere", TOOLS)
    assert (catalogue.definitions, catalogue.problems, catalogue.skipped) == ((), (), ())
