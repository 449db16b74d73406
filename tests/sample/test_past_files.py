"""The files of the past: what was recorded is what git would have recorded."""

import asyncio
import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.ports.workspace import CommandResult
from callboard.sample.past_files import PastWorkspaces
from callboard.web.render.changes import files_of

LINES = st.lists(st.sampled_from(["a", "b", "", "+", "-x", "@@ -1 +1 @@"]), max_size=6)
CONTENT = st.dictionaries(
    st.sampled_from(["a.py", "b/c.md", "d"]), LINES.map(lambda lines: "\n".join([*lines, ""]))
)


def workspaces(content):
    return PastWorkspaces({"/r": content}, {"/r": "0" * 40}, lambda _: CommandResult(0, "", ""))


async def changed(before, after):
    """Return the snapshot of a directory after it was changed."""
    past = workspaces(before)
    await past.clone("/r", "0" * 40, "/copy")
    opened = await past.open("/copy")
    base = await opened.snapshots.record(None)
    for path in before.keys() - after.keys():
        opened.files.remove(path)
    for path, text in after.items():
        opened.files.write(path, text.encode())
    snapshot = await opened.snapshots.record(base.tree)
    await opened.snapshots.restore(base.tree)
    assert {path: opened.files.read(path, max_bytes=9_999).decode() for path in before} == before
    return snapshot


@given(CONTENT, CONTENT)
@settings(deadline=None)
def test_a_snapshot_names_what_changed_and_its_diff_can_be_read(before, after):
    snapshot = asyncio.run(changed(before, after))
    names = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert {change.path for change in snapshot.changes} == names
    read = {file.path: (file.added, file.removed) for file in files_of(snapshot.diff)}
    counted = {change.path: (change.added, change.removed) for change in snapshot.changes}
    assert {path: read.get(path, (0, 0)) for path in counted} == counted
    assert (snapshot.tree == snapshot.base_tree) == (before == after)


def test_a_diff_of_the_past_is_one_that_git_applies(tmp_path):
    before = {"a.py": "one\ntwo\nthree\n", "gone.md": "x\n"}
    after = {"a.py": "one\n2\nthree\nfour\n", "new/b.py": "hello\n"}
    snapshot = asyncio.run(changed(before, after))
    for path, text in before.items():
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, check=True, input=snapshot.diff, text=True)
    found = {
        str(path.relative_to(tmp_path)): path.read_text()
        for path in tmp_path.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    assert found == after
