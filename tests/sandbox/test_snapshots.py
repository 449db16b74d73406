import pytest

from callboard.domain.errors import ConfigurationInvalid
from callboard.testing.workspace.snapshots import SnapshotsContract, contents, write

pytestmark = pytest.mark.anyio


@pytest.fixture
def snapshots(workspace):
    return workspace.snapshots


class TestTreeSnapshots(SnapshotsContract):
    pass


async def test_hostile_attributes_run_nothing_and_bytes_are_kept(snapshots, root, repository):
    """Filters, diff drivers, conversions: configured in the workspace and in its repository."""
    write(root, ".gitattributes", "* filter=evil diff=evil text eol=crlf ident export-subst\n")
    write(root, "utf16.txt").write_bytes("text".encode("utf-16"))
    write(root, "crlf.txt").write_bytes(b"one\r\ntwo\r\n$Id$\n")
    config = f'[filter "evil"]\n\tclean = touch {root}/RAN\n\tsmudge = touch {root}/RAN\n'
    config += (
        f'[diff "evil"]\n\ttextconv = touch {root}/RAN\n[core]\n\tfsmonitor = touch {root}/RAN\n'
    )
    write(root, ".git/config", config)
    before = contents(root)
    base = (await snapshots.record(None)).tree
    write(root, "crlf.txt").write_bytes(b"changed\r\n")
    assert (await snapshots.record(base)).changes[0].path == "crlf.txt"
    await snapshots.restore(base)
    assert contents(root) == before


async def test_nested_repositories_are_plain_files_without_their_git_directory(
    snapshots, root, tmp_path
):
    write(root, "nested/.git/config", f"[core]\n\tfsmonitor = touch {tmp_path}/RAN\n")
    write(root, "nested/.git/HEAD", "ref: refs/heads/main\n")
    write(root, "nested/file.txt")
    write(root, "submodule/.git", "gitdir: ../nested/.git\n")
    write(root, "submodule/inside.txt")
    base = (await snapshots.record(None)).tree
    write(root, "nested/file.txt", "changed\n")
    write(root, "submodule/inside.txt", "changed\n")
    changes = (await snapshots.record(base)).changes
    assert [change.path for change in changes] == ["nested/file.txt", "submodule/inside.txt"]
    assert not (tmp_path / "RAN").exists()


async def test_a_repository_of_the_workspace_is_not_touched(workspaces, repository):
    repository.commit({"a.txt": "one\n"})
    git = repository.place / ".git"
    (git / "index").write_bytes(b"broken on purpose")
    before = {place: place.read_bytes() for place in git.rglob("*") if place.is_file()}
    workspace = await workspaces.open(str(repository.place))
    await workspace.snapshots.record(None)
    await workspace.close()
    assert before == {place: place.read_bytes() for place in git.rglob("*") if place.is_file()}


async def test_another_process_recognises_the_same_trees(workspaces, root, workspace):
    write(root, "a.txt")
    base = (await workspace.snapshots.record(None)).tree
    write(root, "a.txt", "changed\n")
    again = await workspaces.open(str(root))
    assert len((await again.snapshots.record(base)).changes) == 1
    await again.snapshots.restore(base)
    assert (root / "a.txt").read_text() == "x\n"
    await again.close()


async def test_special_files_and_unreadable_names_do_no_harm(snapshots, root):
    write(root, 'a b\n"c".txt')
    (root / "\udcff.txt").write_text("x\n")
    (root / "outside").symlink_to("/etc/passwd")
    snapshot = await snapshots.record((await snapshots.record(None)).tree)
    assert snapshot.changes == ()
    (root / "\udcff.txt").write_text("y\n")
    changes = (await snapshots.record(snapshot.tree)).changes
    assert [change.path for change in changes] == ["\N{REPLACEMENT CHARACTER}.txt"]


async def test_restoring_never_writes_through_a_link_that_leaves(snapshots, root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    write(root, "dir/file.txt", "inside\n")
    base = (await snapshots.record(None)).tree
    (root / "dir" / "file.txt").unlink()
    (root / "dir").rmdir()
    (root / "dir").symlink_to(outside)
    await snapshots.restore(base)
    assert (root / "dir" / "file.txt").read_text() == "inside\n"
    assert not list(outside.iterdir())


@pytest.mark.parametrize("tree", ["HEAD", "--output=x", "", "0" * 40, "../x"])
async def test_what_is_no_recorded_tree_is_refused(snapshots, tree):
    with pytest.raises(ConfigurationInvalid):
        await snapshots.restore(tree)
