"""skill: instructions from the project or from the user."""

import pytest

from callboard.ports.tool_services import ToolServices

pytestmark = pytest.mark.anyio


def make(folder, name, *, given=None, text="Do it well.", more=""):
    place = folder / name / "SKILL.md"
    place.parent.mkdir(parents=True)
    place.write_text(
        f"---\nname: {given or name}\ndescription: About {name}\n{more}---\n\n{text}\n"
    )


async def test_a_skill_is_read_afresh_each_time(call, root):
    make(root / ".agents" / "skills", "tests")
    value, failed = await call("skill", {"name": "tests"})
    assert not failed
    assert value == {"name": "tests", "description": "About tests", "content": "Do it well."}
    place = root / ".agents" / "skills" / "tests" / "SKILL.md"
    place.write_text(place.read_text().replace("well", "better"))
    value, _ = await call("skill", {"name": "tests"})
    assert value["content"] == "Do it better."


async def test_the_project_comes_before_the_user(call, root, tmp_path):
    home = tmp_path / "home"
    for folder, text in (
        (root / ".agents" / "skills", "agents"),
        (root / ".claude" / "skills", "claude"),
        (home, "home"),
    ):
        make(folder, "one", text=text)
        make(folder, f"only-{text}", text=text)
    make(root / ".claude" / "skills", "two", text="claude")
    make(home, "two", text="home")
    services = ToolServices(skill_folders=(str(home), str(tmp_path / "nothing")))
    for name, text in (("one", "agents"), ("two", "claude"), ("only-home", "home")):
        value, _ = await call("skill", {"name": name}, services=services)
        assert value["content"] == text
    value, failed = await call("skill", {"name": "nope"}, services=services)
    assert not failed
    assert value["content"] == (
        "Error: Skill 'nope' not found. Available skills:"
        " one, only-agents, only-claude, only-home, two"
    )


@pytest.mark.parametrize(
    "name", ["../secret", "a/b", "", ".", "A", "x" * 65, "/etc", "a\0b", "\u202ea"]
)
async def test_what_is_no_name_finds_nothing(call, root, name):
    make(root / ".agents", "secret")
    if not name:
        return
    value, _ = await call("skill", {"name": name})
    assert value["content"].endswith("Available skills: none")


async def test_skills_that_are_not_well_formed_are_not_there(call, root):
    skills = root / ".agents" / "skills"
    make(skills, "other-name", given="another")
    make(skills, "for-people", more="disable-model-invocation: true\n")
    make(skills, "large", text="x" * 300_000)
    make(skills, "bad-yaml", more="x: [\n")
    for name, text in (
        ("no-front", "just text"),
        ("open-front", "---\nname: open-front\ndescription: x\n"),
        ("no-description", "---\nname: no-description\n---\nx"),
        ("object", "---\nname: !!python/object/apply:os.system [ls]\ndescription: x\n---\nx"),
        ("deep", "---\nname: deep\ndescription: x\nmore: " + "[" * 5000 + "\n---\nx"),
    ):
        (skills / name).mkdir()
        (skills / name / "SKILL.md").write_text(text)
    (skills / "good").mkdir()
    (skills / "good" / "SKILL.md").write_bytes(
        b"---\r\nname: good\r\ndescription: x\r\n---\r\nline\r\n"
    )
    for entry in sorted(skills.iterdir()):
        value, _ = await call("skill", {"name": entry.name})
        if entry.name == "good":
            assert value["content"] == "line"
        else:
            assert value["content"].endswith("Available skills: good"), entry.name


async def test_a_project_s_skill_cannot_lead_out_of_the_project(call, root):
    outside = root.parent / "outside"
    make(outside, "evil", text="secret")
    (root / ".agents" / "skills").mkdir(parents=True)
    (root / ".agents" / "skills" / "evil").symlink_to(outside / "evil")
    (root / ".claude").symlink_to(outside)
    value, _ = await call("skill", {"name": "evil"})
    assert "secret" not in value["content"]
