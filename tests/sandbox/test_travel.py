"""Private copies that were begun on one machine, and go on on another."""

import asyncio
import logging
import os
import shutil
from pathlib import Path

import pytest

from callboard.domain.errors import ConfigurationInvalid, Fenced
from callboard.ports.workspace import Publication
from callboard.sandbox.git.contents import GitTrees
from callboard.sandbox.travel.place import name_of_place
from callboard.sandbox.travel.trees import TravellingTrees

from .conftest import Repository
from .machines import Machine, claimed, files_of

pytestmark = pytest.mark.anyio


async def test_a_run_goes_on_elsewhere_with_every_change_that_was_kept(machine, repository):
    repository.commit({"a.txt": "one\n", "deep/b.txt": "two\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("changed\n")
    one = await first.record(root)
    (Path(root) / "new.bin").write_bytes(b"\0\xff" * 500)
    (Path(root) / "deep" / "b.txt").unlink()
    two = await first.record(root, one.tree)
    shutil.rmtree(first.home)

    await second.workspaces.reach(root)
    await second.take(root)
    assert files_of(second.copies / "T-1") == {
        b"a.txt": (0, b"changed\n"),
        b"new.bin": (0, b"\0\xff" * 500),
    }
    again = await second.record(root, one.tree)
    assert (again.tree, again.changes, again.diff) == (two.tree, two.changes, two.diff)


async def test_what_a_call_changed_is_kept_before_it_is_recorded(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    await first.keep(root)
    await second.take(root)
    assert files_of(second.copies / "T-1")[b"a.txt"] == (0, b"two\n")


async def test_where_a_run_was_worked_on_last_its_files_stay_as_they_are(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first = machine("first")
    root = await first.begin(repository.place)
    await first.record(root)
    (Path(root) / "a.txt").write_text("not recorded\n")
    (Path(root) / ".gitignore").write_text("built\n")
    (Path(root) / "built").write_text("built\n")
    again = Machine(first.home, first.workspaces._packs)
    await again.take(root)
    assert (Path(root) / "a.txt").read_text() == "not recorded\n"
    assert (Path(root) / "built").exists()


async def test_a_run_that_comes_back_finds_what_was_done_elsewhere(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    for number, at in enumerate((first, second, first, second)):
        await at.take(root)
        place = at.copies / "T-1"
        assert (place / "a.txt").read_text() == "one\n" + "more\n" * number
        with (place / "a.txt").open("a") as file:
            file.write("more\n")
        await at.record(root)


async def test_somebody_who_only_looks_sees_what_was_recorded_and_takes_nothing_away(
    machine, repository, packs
):
    repository.commit({"a.txt": "one\n"})
    worker, server = machine("worker"), machine("server")
    root = await worker.begin(repository.place)
    for text in ("two\n", "three\n"):
        (Path(root) / "a.txt").write_text(text)
        await worker.record(root)
        shown = await server.workspaces.open(root)
        assert shown.root == root
        assert shown.files.read("a.txt", max_bytes=100) == text.encode()
        assert shown.files.read(f"{root}/a.txt", max_bytes=100) == text.encode()
        await shown.snapshots.keep()
        await shown.close()
    assert (await packs.copy_of(root)).place == name_of_place(worker.home / "sandbox")


async def test_whoever_lost_a_run_keeps_nothing_more(machine, repository, packs):
    repository.commit({"a.txt": "one\n"})
    frozen, second = machine("frozen"), machine("second")
    root = await frozen.begin(repository.place)
    workspace = await frozen.workspaces.open(root)
    (Path(root) / "a.txt").write_text("recorded\n")
    await workspace.snapshots.record(None)
    await second.take(root)
    (second.copies / "T-1" / "a.txt").write_text("second\n")
    now = await second.record(root)
    (Path(root) / "a.txt").write_text("too late\n")
    await workspace.snapshots.keep()
    await workspace.snapshots.record(None)
    await workspace.close()
    assert (await packs.copy_of(root)).tree == now.tree
    await frozen.take(root)
    assert (Path(root) / "a.txt").read_text() == "second\n"


async def test_whoever_lost_a_run_while_it_made_its_copy_does_not_take_the_copy_away(
    machine, repository, packs
):
    repository.commit({"a.txt": "one\n"})
    first, frozen, second = machine("first"), machine("frozen"), machine("second")
    root = await first.begin(repository.place)
    lost = claimed()
    await second.take(root)
    with pytest.raises(Fenced):
        await frozen.take(root, lost)
    (second.copies / "T-1" / "a.txt").write_text("two\n")
    now = await second.record(root)
    assert (await packs.copy_of(root)).tree == now.tree
    await frozen.take(root)
    assert (frozen.copies / "T-1" / "a.txt").read_text() == "two\n"


async def test_whoever_looks_at_a_copy_that_was_removed_leaves_it_to_who_took_it_meanwhile(
    machine, repository, packs
):
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    before = await packs.copy_of(root)
    shutil.rmtree(root)
    await second.take(root)
    await first.workspaces._copies.bring(before, before.tree)
    assert (await packs.copy_of(root)).place == second.ground.here


async def test_a_place_that_was_left_half_made_is_made_anew(machine, repository):
    commit = repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    await first.record(root)
    await second.near.clone(str(repository.place), commit, str(second.copies / "T-1"))
    await second.take(root)
    assert (second.copies / "T-1" / "a.txt").read_text() == "two\n"


async def test_a_copy_that_somebody_removed_is_made_anew(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first = machine("first")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    tree = (await first.record(root)).tree
    shutil.rmtree(root)
    await first.workspaces.bring(root, tree)
    await first.take(root)
    assert (Path(root) / "a.txt").read_text() == "two\n"


async def test_what_git_ignores_gives_way_to_what_was_recorded_elsewhere(machine, repository):
    repository.commit({".gitignore": "built/\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "built").mkdir()
    (Path(root) / "built" / "a.o").write_text("")
    await second.take(root)
    (second.copies / "T-1" / "built").write_text("a file\n")
    await second.record(root)
    await first.take(root)
    assert (Path(root) / "built").read_text() == "a file\n"


async def test_two_processes_may_lay_the_same_copy_at_once(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first = machine("first")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    await first.record(root)
    pair = [machine("second"), machine("second")]
    await asyncio.gather(*(one.take(root) for one in pair))
    assert (pair[0].copies / "T-1" / "a.txt").read_text() == "two\n"


async def test_whoever_gave_up_waiting_for_a_copy_holds_nobody_up(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first = machine("first")
    root = await first.begin(repository.place)
    second = machine("second")
    async with second.ground.alone(root):
        waiting = asyncio.ensure_future(second.take(root))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await second.take(root)
    assert (second.copies / "T-1" / "a.txt").exists()


async def test_where_the_repository_is_not_the_run_is_left_alone(machine, repository, packs):
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    before = await packs.copy_of(root)
    repository.place.rename(repository.place.with_name("elsewhere"))
    with pytest.raises(ConfigurationInvalid, match="repository"):
        await second.workspaces.reach(root)
    with pytest.raises(ConfigurationInvalid):
        await second.workspaces.reach(str(second.home / "somebodys"))
    assert await packs.copy_of(root) == before
    assert not second.copies.exists()


async def test_a_copy_that_two_machines_begin_is_made_of_the_same_commit(
    repository, packs, tmp_path
):
    """Their homes may have the same path: only what is in the database tells them apart."""
    repository.commit({"a.txt": "one\n"})
    place = tmp_path / "home"
    root = await Machine(place, packs).begin(repository.place)
    shutil.rmtree(place)
    again = Machine(place, packs)
    assert await again.begin(repository.place) == root
    shutil.rmtree(place)
    repository.commit({"a.txt": "two\n"})
    with pytest.raises(ConfigurationInvalid, match=r"is a copy of .* already, elsewhere"):
        await Machine(place, packs).begin(repository.place)


async def test_a_change_that_is_too_large_stays_and_says_so(machine, repository, caplog):
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first", largest=20_000), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "large.bin").write_bytes(os.urandom(50_000))
    with caplog.at_level(logging.WARNING):
        recorded = await first.record(root)
    assert "large.bin" not in caplog.text
    assert f"{root} changed by more than 20000 bytes" in caplog.text
    with pytest.raises(ConfigurationInvalid, match=r"recorded files .* were not kept"):
        await second.workspaces.reach(root)
    await first.workspaces.reach(root)
    assert (await first.record(root, recorded.tree)).changes == ()


async def test_a_run_whose_large_change_is_gone_travels_again(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first", largest=20_000), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    await first.record(root)
    (Path(root) / "large.bin").write_bytes(os.urandom(50_000))
    await first.record(root)
    (Path(root) / "large.bin").unlink()
    await first.record(root)
    await second.workspaces.reach(root)
    await second.take(root)
    assert files_of(second.copies / "T-1") == {b"a.txt": (0, b"two\n")}


async def test_a_change_to_a_large_file_is_kept_as_a_difference(machine, repository, packs):
    lines = [os.urandom(20).hex() for _ in range(5_000)]
    repository.commit({"large.txt": "\n".join(lines)})
    first = machine("first")
    root = await first.begin(repository.place)
    lines[2_500] = "changed"
    (Path(root) / "large.txt").write_text("\n".join(lines))
    tree = (await first.record(root)).tree
    assert len(await packs.content(root, tree)) < 1_000


async def test_a_fork_made_elsewhere_goes_on_at_a_third_place(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first, second, third = machine("first"), machine("second"), machine("third")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("then\n")
    then = await first.record(root)
    (Path(root) / "a.txt").write_text("later\n")
    await first.record(root)
    fork = second.root("fork")
    await second.workspaces.branch(root, then.tree, fork)
    assert (Path(fork) / "a.txt").read_text() == "then\n"
    (Path(fork) / "b.txt").write_text("mine\n")
    await second.record(fork, then.tree)
    shutil.rmtree(second.home)
    await third.take(fork)
    assert files_of(third.copies / "fork") == {b"a.txt": (0, b"then\n"), b"b.txt": (0, b"mine\n")}
    again = third.root("again")
    await third.workspaces.branch(fork, then.tree, again)
    assert files_of(again) == {b"a.txt": (0, b"then\n")}


async def test_results_are_handed_over_by_a_machine_that_did_not_make_them(machine, repository):
    base = repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    tree = (await first.record(root)).tree
    change = Publication(
        workspace=root,
        repository=str(repository.place),
        base_commit=base,
        tree=tree,
        branch="result",
        message="Two",
        author="Ann <ann@example.org>",
    )
    elsewhere = await second.workspaces.publish(change)
    assert repository.git("show", "result:a.txt") == "two"
    assert await first.workspaces.publish(change) == elsewhere


async def test_recorded_files_leave_from_a_machine_that_did_not_record_them(machine, repository):
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    tree = (await first.record(root)).tree

    async def objects(at, trees):
        found = TravellingTrees(GitTrees((at.home / "sandbox").resolve()), at.workspaces).objects(
            root, trees, largest=1_000
        )
        return {(one.kind, one.name, one.content) async for one in found}

    assert await objects(second, [tree]) == await objects(first, [tree])
    assert any(content == b"two\n" for _, _, content in await objects(second, [tree]))
    assert (await objects(second, ["e" * 40])) == {("tree", "e" * 40, None)}


async def test_a_user_s_own_directory_stays_where_it_is(machine, repository, packs):
    repository.commit({"a.txt": "one\n"})
    first = machine("first")
    root = str(repository.place)
    await first.workspaces.reach(root)
    await first.take(root)
    await first.record(root)
    assert await first.workspaces.where(root) == root
    assert (packs.copies, packs.packs) == ({}, {})


async def test_repositories_of_another_object_format_travel_too(machine, tmp_path):
    repository = Repository(tmp_path / "modern")
    shutil.rmtree(repository.place / ".git")
    repository.git("init", "--quiet", "--object-format=sha256")
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    assert len((await first.record(root)).tree) == 64
    await second.take(root)
    assert (second.copies / "T-1" / "a.txt").read_text() == "two\n"


def test_a_place_has_one_name_and_no_two_have_the_same(tmp_path):
    names = [name_of_place(tmp_path / where) for where in ("a", "b", "a")]
    assert names[0] == names[2] != names[1]
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationInvalid, match="cannot be used"):
        name_of_place(tmp_path / "file")
