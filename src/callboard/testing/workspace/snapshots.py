"""What every `Snapshots` does. Subclass, and give the fixtures `root` (empty) and `snapshots`."""

# ruff: noqa: D102 - the names of the tests are their sentences

from pathlib import Path

from callboard.ports.workspace import Snapshots


def write(root: Path, name: str, content: str = "x\n") -> Path:
    """Write a file and the directories above it."""
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    return place


def contents(root: Path) -> dict[str, bytes]:
    """Return all files beneath a directory, git's own aside."""
    return {
        str(place.relative_to(root)): place.read_bytes()
        for place in root.rglob("*")
        if place.is_file() and ".git" not in place.relative_to(root).parts
    }


class SnapshotsContract:
    """The behaviour of `callboard.ports.workspace.Snapshots`."""

    async def test_the_same_files_are_the_same_tree(self, snapshots: Snapshots, root: Path) -> None:
        write(root, "a/b.txt")
        first = await snapshots.record(None)
        again = await snapshots.record(first.tree)
        assert (first.changes, again.changes, again.diff) == ((), (), "")
        assert again.tree == first.tree

    async def test_tells_what_changed_with_counts_and_a_diff(
        self, snapshots: Snapshots, root: Path
    ) -> None:
        write(root, "changed.txt", "one\ntwo\n")
        gone = write(root, "gone.txt")
        base = (await snapshots.record(None)).tree
        write(root, "changed.txt", "one\n2\nthree\n")
        write(root, "new.txt", "hello\n")
        (root / "binary").write_bytes(b"\0\1")
        gone.unlink()
        snapshot = await snapshots.record(base)
        rows = [(row.path, row.status, row.added, row.removed) for row in snapshot.changes]
        assert rows == [
            ("binary", "added", None, None),
            ("changed.txt", "modified", 2, 1),
            ("gone.txt", "deleted", 0, 1),
            ("new.txt", "added", 1, 0),
        ]
        assert "-two\n+2\n+three\n" in snapshot.diff

    async def test_a_long_diff_is_cut_with_a_note(self, snapshots: Snapshots, root: Path) -> None:
        base = (await snapshots.record(None)).tree
        write(root, "long.txt", "a line of the file\n" * 50_000)
        snapshot = await snapshots.record(base)
        assert len(snapshot.diff) < 210_000
        assert snapshot.diff.endswith("it was cut here.]\n")
        assert snapshot.changes[0].added == 50_000

    async def test_restores_contents_modes_links_and_absence(
        self, snapshots: Snapshots, root: Path
    ) -> None:
        script = write(root, "bin/run.sh", "echo\n")
        script.chmod(0o755)
        write(root, "kept.txt", "one\n")
        (root / "link").symlink_to("kept.txt")
        before = contents(root)
        base = (await snapshots.record(None)).tree
        script.unlink()
        script.parent.rmdir()
        write(root, "bin", "now a file")
        write(root, "kept.txt", "two\n")
        (root / "link").unlink()
        write(root, "link/inside.txt", "now a directory")
        write(root, "extra/deep/file.txt")
        await snapshots.restore(base)
        assert contents(root) == before
        assert script.stat().st_mode & 0o100
        assert (root / "link").is_symlink()
        assert not (root / "extra").exists()
        assert (await snapshots.record(base)).changes == ()

    async def test_ignored_files_are_neither_recorded_nor_removed(
        self, snapshots: Snapshots, root: Path
    ) -> None:
        write(root, ".gitignore", "*.log\n")
        base = (await snapshots.record(None)).tree
        log = write(root, "debug.log", "kept\n")
        assert (await snapshots.record(base)).changes == ()
        await snapshots.restore(base)
        assert log.read_text() == "kept\n"

    async def test_environment_files_are_neither_recorded_nor_removed_and_templates_are(
        self, snapshots: Snapshots, root: Path
    ) -> None:
        first = write(root, "sub/.env", "TOKEN=secret\n")
        base = (await snapshots.record(None)).tree
        second = write(root, ".envs/production", "TOKEN=secret\n")
        write(root, ".env.example", "TOKEN=\n")
        snapshot = await snapshots.record(base)
        assert [row.path for row in snapshot.changes] == [".env.example"]
        assert "secret" not in snapshot.diff
        await snapshots.restore(base)
        assert first.read_text() == second.read_text() == "TOKEN=secret\n"

    async def test_a_change_of_equal_size_at_once_is_seen(
        self, snapshots: Snapshots, root: Path
    ) -> None:
        write(root, "file", "0")
        trees = {(await snapshots.record(None)).tree}
        for number in range(1, 10):
            write(root, "file", str(number))
            trees.add((await snapshots.record(None)).tree)
        assert len(trees) == 10
