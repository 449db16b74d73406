import orjson
import pytest

from callboard.ports.tools import ArgumentsInvalid

pytestmark = pytest.mark.anyio


async def test_files_that_are_not_served_have_sentinels(call, root):
    (root / ".gitignore").write_text("*.key\n")
    (root / ".env").write_text("KEY=secret")
    (root / ".env.example").write_text("KEY=\n")
    (root / "a.key").write_text("secret")
    (root / "binary").write_bytes(b"\0\1")
    with (root / "big").open("wb") as big:
        big.truncate(12_340_000)
    paths = ["nope", ".env", "a.key", "../x", "/etc/passwd", "big", ".env.example", ".git/config"]
    value, _ = await call("read_files", {"paths": [*paths, "binary", "\udc80", "x\0y"]})
    contents = [row["content"] for row in value]
    assert contents[:8] == [
        *("[FILE_DOES_NOT_EXIST]", "[BLOCKED]", "[BLOCKED]", "[FILE_OUTSIDE_PROJECT]"),
        *(
            "[FILE_OUTSIDE_PROJECT]",
            "[FILE_TOO_LARGE] [12.34MB]",
            "[TEMPLATE]\nKEY=\n",
            "[BLOCKED]",
        ),
    ]
    assert all(content.startswith("[FILE_READ_ERROR]") for content in contents[8:])
    orjson.dumps(value)


async def test_empty_and_repeated_paths_are_read_once(call, root):
    (root / "a").write_text("x")
    value, _ = await call("read_files", {"paths": ["a", "", "./a", " ", "b/../a"]})
    assert value == [{"path": "a", "content": "x"}]


async def test_one_call_shows_a_bounded_amount_and_says_how_to_go_on(call, root):
    line = "x" * 99 + "\n"
    (root / "a").write_text(line * 900)
    (root / "b").write_text(line * 900)
    (root / "c").write_text("short")
    value, _ = await call("read_files", {"paths": ["a", "b", "c"]})
    assert value[1]["content"].endswith("\n[Lines 1-100 of 900. Go on with offset 101.]")
    assert value[2] == {"path": "c", "contentOmittedForLength": True}
    rest, _ = await call("read_files", {"paths": [{"path": "b", "offset": 101}]})
    assert rest[0]["content"] == line * 800


async def test_a_window_of_lines_can_be_read(call, root):
    (root / "a").write_text("1\n2\n3\n4\n")
    value, _ = await call("read_files", {"paths": [{"path": "a", "offset": 2, "limit": 2}]})
    assert value[0]["content"] == "2\n3\n\n[Lines 2-3 of 4. Go on with offset 4.]"
    value, _ = await call("read_files", {"paths": [{"path": "a", "offset": 9}]})
    assert "there is no line 9" in value[0]["content"]


async def test_bytes_that_are_no_text_survive_an_edit_and_never_break_json(call, root):
    (root / "latin").write_bytes(b"caf\xe9\nold\n")
    value, _ = await call("read_files", {"paths": ["latin"]})
    orjson.dumps(value)
    await call("str_replace", {"path": "latin", "old": "old", "new": "new"})
    assert (root / "latin").read_bytes() == b"caf\xe9\nnew\n"


async def test_writing_creates_overwrites_and_refuses_to_change_nothing(call, root):
    made = await call("write_file", {"path": "d/a.txt", "content": "\none\n"})
    assert made == ({"file": "d/a.txt", "message": "Created file successfully."}, False)
    assert (root / "d" / "a.txt").read_text() == "one\n"
    value, failed = await call("write_file", {"path": "d/a.txt", "content": "one\n"})
    assert (value["errorMessage"], failed) == (
        "The new content was the same as the old content, skipping.",
        True,
    )
    again = await call("write_file", {"path": "d/a.txt", "content": "two\n"})
    assert again == ({"file": "d/a.txt", "message": "Overwrote file successfully."}, False)


async def test_a_new_file_in_a_code_fence_is_unwrapped(call, root):
    await call("write_file", {"path": "a.py", "content": "```python\nx = 1\n```\n"})
    assert (root / "a.py").read_text() == "x = 1\n"
    mixed = "# Title\n```python\nx = 1\n```\n"
    await call("write_file", {"path": "a.md", "content": mixed})
    assert (root / "a.md").read_text() == mixed


async def test_windows_line_ends_are_kept(call, root):
    (root / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    value, failed = await call("write_file", {"path": "a.txt", "content": "one\ntwo\n"})
    assert failed
    assert "same as the old" in value["errorMessage"]
    await call("write_file", {"path": "a.txt", "content": "one\n2\n"})
    assert (root / "a.txt").read_bytes() == b"one\r\n2\r\n"
    await call("str_replace", {"path": "a.txt", "old": "one\n2", "new": "1\n2\n3"})
    assert (root / "a.txt").read_bytes() == b"1\r\n2\r\n3\r\n"


@pytest.mark.parametrize("path", ["../x", "/etc/planted", ".env", ".git/hooks/x", "x\0"])
async def test_writing_where_it_is_not_allowed_fails(call, root, path):
    for name, arguments in (
        ("write_file", {"path": path, "content": "x"}),
        ("str_replace", {"path": path, "old": "a", "new": "b"}),
    ):
        value, failed = await call(name, arguments)
        assert failed
        assert value["errorMessage"]
    assert [entry.name for entry in root.iterdir()] == []


async def test_text_that_no_file_can_hold_is_refused(call, root):
    value, failed = await call("write_file", {"path": "a", "content": "\ud800"})
    assert failed
    assert "surrogate" in value["errorMessage"]
    with pytest.raises(ArgumentsInvalid, match="path"):
        await call("write_file", {"path": "\ud800", "content": "x"})
    assert not list(root.iterdir())


async def test_replacing_in_a_missing_file_points_to_write_file(call):
    value, failed = await call("str_replace", {"path": "a", "old": "a", "new": "b"})
    assert failed
    assert "use the write_file tool" in value["errorMessage"]


async def test_failed_replacements_are_noted_and_the_others_made(call, root):
    (root / "a").write_text("one two two\n")
    changes = [
        {"old": "two", "new": "2"},
        {"old": "one", "new": "$& \\1"},
        {"old": "no", "new": ""},
    ]
    value, failed = await call("str_replace", {"path": "a", "replacements": changes})
    assert not failed
    assert 'Found 2 occurrences of "two"' in value["message"]
    assert 'The old string "no" was not found' in value["message"]
    assert value["message"].endswith("String replace applied successfully.")
    assert (root / "a").read_text() == "$& \\1 two two\n"


async def test_repeating_a_replacement_changes_nothing_more(call, root):
    (root / "a.py").write_text("import a\nx = 1\n")
    arguments = {"path": "a.py", "old": "import a\n", "new": "import a\nimport b\n"}
    await call("str_replace", arguments)
    value, failed = await call("str_replace", arguments)
    assert not failed
    assert "already replaced" in value["message"]
    assert (root / "a.py").read_text() == "import a\nimport b\nx = 1\n"


async def test_directories_are_listed(call, root):
    (root / "sub").mkdir()
    (root / "a").write_text("x")
    value, _ = await call("list_directory", {})
    assert value == {"files": ["a"], "directories": ["sub"], "path": ""}
    value, failed = await call("list_directory", {"path": ".."})
    assert failed
    assert value["errorMessage"].startswith("Failed to list directory:")


async def test_glob_knows_the_project_and_not_what_git_ignores(call, root):
    for name in ("src/a.py", "src/deep/b.py", "c.py", "out/d.py", "e.js"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    (root / ".gitignore").write_text("out/\n")
    value, _ = await call("glob", {"pattern": "**/*.{py,js}"})
    assert value["files"] == ["c.py", "e.js", "src/a.py", "src/deep/b.py"]
    value, _ = await call("glob", {"pattern": "*.py", "cwd": "src"})
    assert value["files"] == ["src/a.py"]
    value, _ = await call("glob", {"pattern": "**", "max_results": 1})
    assert (len(value["files"]), value["count"]) == (1, 5)


async def test_files_are_found_by_description(call, root):
    (root / "src").mkdir()
    (root / "src" / "user_login.py").write_text("def check_password(): ...")
    (root / "src" / "colours.py").write_text("RED = 1")
    value, _ = await call("find_files", {"prompt": "where are passwords checked at login?"})
    assert [row["path"] for row in value] == ["src/user_login.py"]
    value, _ = await call("find_files", {"prompt": "zebra"})
    assert value == {"message": "No relevant files found for prompt: zebra"}
