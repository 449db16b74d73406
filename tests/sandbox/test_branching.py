"""Files as they were, in a directory of their own."""

import pytest

from callboard.domain.errors import ConfigurationInvalid

pytestmark = pytest.mark.anyio


async def recorded(workspaces, root):
    workspace = await workspaces.open(str(root))
    tree = (await workspace.snapshots.record(None)).tree
    await workspace.close()
    return tree


async def test_a_plain_directory_comes_back_as_it_was(workspaces, root, tmp_path):
    (root / "a.txt").write_text("then")
    (root / "deep").mkdir()
    (root / "deep" / "b.sh").write_text("#!/bin/sh")
    (root / "deep" / "b.sh").chmod(0o755)
    tree = await recorded(workspaces, root)
    (root / "a.txt").write_text("now")
    copy = tmp_path / "copies" / "fork"
    await workspaces.branch(str(root), tree, str(copy))
    assert (copy / "a.txt").read_text() == "then"
    assert (copy / "deep" / "b.sh").stat().st_mode & 0o111
    assert (root / "a.txt").read_text() == "now"


async def test_changes_of_the_copy_are_told_apart_from_what_was_recorded(
    workspaces, root, tmp_path
):
    (root / "a.txt").write_text("then\n")
    tree = await recorded(workspaces, root)
    copy = tmp_path / "copies" / "fork"
    await workspaces.branch(str(root), tree, str(copy))
    (copy / "a.txt").write_text("other\n")
    workspace = await workspaces.open(str(copy))
    snapshot = await workspace.snapshots.record(tree)
    await workspace.close()
    assert [change.path for change in snapshot.changes] == ["a.txt"]
    assert "-then\n+other" in snapshot.diff


async def test_a_copy_of_a_repository_is_one_at_the_same_commit(workspaces, repository, tmp_path):
    head = repository.commit({"a.txt": "committed\n"})
    (repository.place / "a.txt").write_text("edited\n")
    (repository.place / "new.txt").write_text("new\n")
    tree = await recorded(workspaces, repository.place)
    (repository.place / "new.txt").unlink()
    copy = tmp_path / "copies" / "fork"
    await workspaces.branch(str(repository.place), tree, str(copy))
    assert (copy / "a.txt").read_text() == "edited\n"
    assert (copy / "new.txt").read_text() == "new\n"
    assert (await workspaces.head(str(copy))) == head


async def test_what_was_never_recorded_and_a_place_in_use_are_refused(workspaces, root, tmp_path):
    (root / "a.txt").write_text("x")
    tree = await recorded(workspaces, root)
    with pytest.raises(ConfigurationInvalid, match="not here"):
        await workspaces.branch(str(root), "0" * 40, str(tmp_path / "one"))
    with pytest.raises(ConfigurationInvalid, match="not a tree id"):
        await workspaces.branch(str(root), "--help", str(tmp_path / "two"))
    with pytest.raises(ConfigurationInvalid, match="in use"):
        await workspaces.branch(str(root), tree, str(root))
