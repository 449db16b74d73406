"""Whatever is changed in turn on two machines: each has the files of the other, byte for byte."""

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from callboard.testing.tree_packs import MemoryTreePacks

from .conftest import Repository
from .machines import Machine, files_of

NAMES = st.sampled_from(
    [b"a", b"b.txt", b"c d", b"\xff\xfe", "ä".encode(), b"-x", b"tab\t", b"n\nl"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"line\r\nline\n" * 500, b"\0" * 5_000, b"$Id$\n", b"word " * 3_000]),
)
CHANGES = st.one_of(
    st.tuples(st.just("write"), PATHS, CONTENTS),
    st.tuples(st.just("append"), PATHS, CONTENTS),
    st.tuples(st.just("delete"), PATHS, st.none()),
    st.tuples(st.just("rename"), PATHS, PATHS),
    st.tuples(st.just("mode"), PATHS, st.none()),
    st.tuples(st.just("link"), PATHS, st.sampled_from([b"a", b"../../etc/passwd", b"\xff"])),
    st.tuples(st.just("empty directory"), PATHS, st.none()),
)


def change(place, kind, path, value):
    """Change something, if that can be."""
    at = Path(place, os.fsdecode(path))
    with suppress(OSError):
        if kind != "delete":
            at.parent.mkdir(parents=True, exist_ok=True)
        if kind in {"write", "append"} and not at.is_symlink():
            with at.open("wb" if kind == "write" else "ab") as file:
                file.write(value)
        elif kind == "delete":
            shutil.rmtree(at) if at.is_dir() and not at.is_symlink() else at.unlink()
        elif kind == "rename":
            at.rename(Path(place, os.fsdecode(value)))
        elif kind == "mode" and not at.is_symlink():
            at.chmod(at.stat().st_mode ^ 0o111)
        elif kind == "link":
            at.symlink_to(os.fsdecode(value))
        elif kind == "empty directory":
            at.mkdir(parents=True, exist_ok=True)


@given(st.lists(st.lists(CHANGES, max_size=6), min_size=1, max_size=4))
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example starts a hundred processes
)
def test_any_changes_are_elsewhere_what_they_were(turns):
    with TemporaryDirectory() as place:
        asyncio.run(_travels(Path(place), turns))


async def _travels(place, turns):
    repository = Repository(place / "repository")
    repository.commit({"a": "a\n", "b.txt": "b\n" * 50, "c d/a": "deep\n"})
    packs = MemoryTreePacks()
    machines = [Machine(place / name, packs) for name in ("first", "second")]
    root = await machines[0].begin(repository.place)
    base = (await machines[0].record(root)).tree
    for number, changes in enumerate(turns):
        at, other = machines[number % 2], machines[(number + 1) % 2]
        await at.take(root)
        for one in changes:
            change(at.copies / "T-1", *one)
        recorded = await at.record(root, base)
        await other.take(root)
        assert files_of(other.copies / "T-1") == files_of(at.copies / "T-1")
        assert (await other.record(root, base)).tree == recorded.tree
