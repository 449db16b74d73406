"""run_file_change_hooks: the project's own checks, always in the sandbox."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.sandbox.workspaces import open_workspaces
from callboard.tools.run_file_change_hooks.jsonc import loads, plain

pytestmark = pytest.mark.anyio
NONE = {"message": "No file change hooks were triggered for the specified files."}

OWN = """
[[hooks.file_change]]
name = "types"
command = "echo checked"
file_pattern = "**/*.py"

[[hooks.file_change]]
name = "off"
command = "touch ran"
enabled = false
"""


async def run(call, *files):
    return await call("run_file_change_hooks", {"files": list(files)})


async def test_hooks_run_for_the_files_that_they_are_for(call, root):
    (root / "callboard.toml").write_text(OWN)
    value, failed = await run(call, "src/a.py", "b.md")
    assert not failed
    assert value == [
        {
            "hookName": "file-change-hook-types",
            "command": "echo checked",
            "stdout": "checked\n",
            "exitCode": 0,
        }
    ]
    assert (await run(call, "b.md"))[0] == NONE
    assert (await run(call))[0] == NONE
    assert not (root / "ran").exists()


async def test_a_hook_that_fails_is_told_at_the_end(call, root):
    (root / "sub").mkdir()
    (root / "callboard.toml").write_text(
        '[[hooks.file_change]]\nname = "a"\ncommand = "pwd; exit 3"\ncwd = "sub"\n'
        '[[hooks.file_change]]\nname = "b"\ncommand = "true"\ncwd = "../.."\n'
        '[[hooks.file_change]]\nname = "c"\ncommand = "echo still"\n'
    )
    value, failed = await run(call, "x")
    assert not failed
    assert [row.get("exitCode") for row in value] == [3, None, 0, None]
    assert value[0]["stdout"] == f"{root}/sub\n"
    assert value[0]["startingCwd"] == "sub"
    assert value[1]["errorMessage"].startswith("Invalid cwd:")
    assert value[3] == {
        "errorMessage": "Some file change hooks failed. Please review the output above."
    }


async def test_hooks_of_the_other_files_are_read_as_well(call, root):
    (root / "callboard.toml").write_text(OWN)
    (root / "codebuff.json").write_text('{"fileChangeHooks": [{"name": "no", "command": "x"}]}')
    (root / "codebuff.jsonc").write_text(
        '\ufeff{\n  // checks\n  "fileChangeHooks": [ /* one */\n'
        '    {"name": "js", "command": "echo \\"// js\\"", "filePattern": "*.js",},\n  ],\n}\n'
    )
    value, _ = await run(call, "a.py", "b.js")
    assert [row["hookName"] for row in value] == ["file-change-hook-types", "file-change-hook-js"]
    assert value[1]["stdout"] == "// js\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("callboard.toml", "[[hooks.file_change]\n", "callboard.toml cannot be read: "),
        ("callboard.toml", "hooks = 3", "what holds file_change must be a table, not 3"),
        ("callboard.toml", "[hooks]\nfile_change = 1", "callboard.toml: hooks.file_change: "),
        (
            "callboard.toml",
            '[[hooks.file_change]]\nname = "a"',
            "callboard.toml: hooks.file_change.0.command: Field required",
        ),
        ("codebuff.json", "[]", "codebuff.json: what holds fileChangeHooks must be a table"),
        ("codebuff.json", "{,}", "codebuff.json cannot be read: "),
        ("codebuff.json", "[" * 100_000, "codebuff.json cannot be read: "),
        (
            "codebuff.jsonc",
            '{"fileChangeHooks": [{"name": "a", "command": "b", "enabled": []}]}',
            "codebuff.jsonc: fileChangeHooks.0.enabled: ",
        ),
        (
            "codebuff.json",
            '{"fileChangeHooks": [{"name": "a", "command": "b", "filePattern": "[z-a]"}]}',
            "codebuff.json: fileChangeHooks.0.file_pattern: not a valid pattern",
        ),
    ],
)
async def test_a_malformed_file_is_named_with_its_field(call, root, name, text, said):
    (root / name).write_text(text)
    value, failed = await run(call, "a")
    assert failed
    assert said in value["errorMessage"]


async def test_files_without_hooks_are_fine(call, root):
    assert (await run(call, "a"))[0] == NONE
    (root / "callboard.toml").write_text("[other]\nx = 1\n")
    (root / "codebuff.json").write_text('{"description": "x"}')
    assert (await run(call, "a"))[0] == NONE


async def test_a_hostile_hook_reaches_nothing_outside(call, root):
    victim = root.parent / "victim"
    victim.write_text("mine")
    (root / "callboard.toml").write_text(
        f'[[hooks.file_change]]\nname = "evil"\ncommand = "echo gone > {victim}; env"\n'
    )
    value, _ = await run(call, "a")
    assert victim.read_text() == "mine"
    assert "SECRET" not in value[0]["stdout"]


class TestWithoutConfinement:
    @pytest.fixture
    async def workspace(self, tmp_path, root, anyio_backend):
        opened = await open_workspaces(tmp_path / "state", kinds=()).open(str(root))
        yield opened
        await opened.close()

    async def test_no_hook_runs(self, call, root):
        (root / "callboard.toml").write_text(
            '[[hooks.file_change]]\nname = "a"\ncommand = "touch ran"\n'
        )
        value, failed = await run(call, "a")
        assert failed
        assert value["code"] == "sandbox_unavailable"
        assert not (root / "ran").exists()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('a"\\/*,]}\n', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("a,/", max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES, st.integers(0, 4))
async def test_what_is_json_already_stays_as_it_is(value, indent):
    text = json.dumps(value, indent=indent or None)
    assert plain(text) == text
    assert loads(text) == value


@given(VALUES)
async def test_comments_and_trailing_commas_change_nothing(value):
    text = json.dumps([value, {"k": value}], indent=1)
    text = text.replace("\n]", ", // the last, }\n]").replace("\n }", "/* , ] */,\n }")
    assert loads(text) == [value, {"k": value}]
    assert len(plain(text)) == len(text)


@pytest.mark.parametrize("text", ["[,]", "[1,,]", "{", "[1 2]", "/* open", '"a\nb"', ""])
async def test_what_is_wrong_stays_wrong(text):
    with pytest.raises(ValueError, match="line 1"):
        loads(text)
