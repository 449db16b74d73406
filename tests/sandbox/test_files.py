import itertools
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from callboard.ports.workspace import FileRefused
from callboard.sandbox.files.beneath import KernelBeneath, PortableBeneath, open_beneath
from callboard.sandbox.files.confined import ConfinedFiles
from callboard.sandbox.files.ignores import Ignores
from callboard.testing.workspace.files import FilesContract

KINDS = [PortableBeneath, *([KernelBeneath] if sys.platform == "linux" else [])]


@pytest.fixture(params=KINDS)
def beneath(request, root):
    opened = request.param(str(root))
    yield opened
    opened.close()


@pytest.fixture
def files(beneath, root):
    return ConfinedFiles(str(root), beneath, Ignores(beneath))


class TestConfinedFiles(FilesContract):
    pass


def test_no_read_or_write_escapes_while_a_directory_is_swapped_for_a_link(files, root):
    """The race that checking first and opening later loses."""
    outside = root.with_name("outside")
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    (root / "real").mkdir()
    (root / "real" / "file").write_bytes(b"public")
    (root / "evil").symlink_to(outside)
    done = threading.Event()

    junk = (root / f"junk{number}" for number in itertools.count())

    def rename(old, new) -> None:
        with suppress(OSError):  # a write may have made a new directory in that place
            old.rename(new)

    def swap() -> None:
        while not done.is_set():
            for name in ("real", "evil"):
                rename(root / "place", next(junk))
                rename(root / name, root / "place")
                rename(root / "place", root / name)

    swapping = threading.Thread(target=swap)
    swapping.start()
    read = set()
    try:
        for _ in range(1500):
            with suppress(FileRefused):
                read.add(files.read("place/file", max_bytes=100))
            with suppress(FileRefused):
                files.write("place/file", b"public")
    finally:
        done.set()
        swapping.join()
    assert read <= {b"public"}
    assert {entry.name: entry.read_bytes() for entry in outside.iterdir()} == {"file": b"secret"}


def test_a_failed_write_leaves_the_old_file_and_nothing_else(files, root):
    (root / "directory").mkdir()
    with pytest.raises(FileRefused):
        files.write("directory", b"x")
    assert [entry.name for entry in root.iterdir()] == ["directory"]


def test_ignore_rules_do_not_tell_letter_cases_apart_where_the_file_system_does_not(root):
    (root / ".gitignore").write_text("Secrets/\n")
    beneath = open_beneath(str(root))
    assert Ignores(beneath, fold=True).ignored(("SECRETS", "key"))
    assert not Ignores(beneath, fold=False).ignored(("SECRETS", "key"))
    beneath.close()


def test_patterns_that_git_passes_over_are_passed_over(files, root):
    (root / ".gitignore").write_text("!\n[\n\\\nkept.txt\n")
    (root / "kept.txt").write_bytes(b"x")
    (root / "other.txt").write_bytes(b"x")
    assert files.walk(limit=10) == (".gitignore", "other.txt")


def test_names_that_are_no_text_are_not_listed(files, root):
    (root / os.fsdecode(b"\xff\xfe")).write_bytes(b"x")
    assert files.walk(limit=10) == ()
    assert files.list("").files == ()


def test_a_hundred_reads_open_no_descriptor_for_good(files):
    files.write("a/b", b"x")
    before = len(list(Path("/dev/fd").iterdir()))
    for path in ["a/b", "nope", "..", "a", ".env"] * 20:
        with suppress(FileRefused):
            files.read(path, max_bytes=1)
    assert len(list(Path("/dev/fd").iterdir())) <= before  # others may be closed meanwhile
