"""A file of the archive may be anybody's: it is read within bounds, and nothing is ever unpacked to a place."""

import io
import os
import stat
import struct
import zipfile

import pytest

from callboard.domain.errors import ArchiveDamaged, UnknownThing
from callboard.stores.archive.folder import DirectoryArchive
from callboard.stores.archive.names import file_names, member_of, place_of

NAME = "2026-05.zip"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "archive").mkdir()
    return DirectoryArchive(tmp_path / "archive")


@pytest.fixture
def place(tmp_path, folder):
    del folder
    return tmp_path / "archive" / NAME


def zipped(*members, **how):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members:
            archive.writestr(name, member, **how)
    return content.getvalue()


def refused(folder):
    with pytest.raises(ArchiveDamaged) as caught, folder.open(NAME):
        pass
    assert NAME in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "../r.callboard",
        "/etc/r.callboard",
        "a/r.callboard",
        "r.txt",
        "r.callboard/",
        "r\n.callboard",
        "\N{RIGHT-TO-LEFT OVERRIDE}r.callboard",
        ".callboard",
        "C:\\r.callboard",
    ],
)
def test_a_member_of_another_name_makes_the_whole_file_unusable(folder, place, name):
    place.write_bytes(zipped((name, "x")))
    assert "a member of the name" in refused(folder)


def test_a_member_may_be_there_once(folder, place):
    with pytest.warns(UserWarning, match="Duplicate"):
        place.write_bytes(zipped(("r.callboard", "x"), ("r.callboard", "y")))
    refused(folder)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(folder, place, kind):
    info = zipfile.ZipInfo("r.callboard")
    info.external_attr = (kind | 0o777) << 16
    place.write_bytes(zipped((info, "/etc/passwd")))
    assert "no regular file" in refused(folder)


def test_other_ways_of_packing_are_refused(folder, place):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("r.callboard", "x" * 1000)
    place.write_bytes(content.getvalue())
    assert "not packed as in the archive" in refused(folder)


def test_encrypted_members_are_refused(folder, place):
    content = bytearray(zipped(("r.callboard", "x")))
    central = content.index(b"PK\x01\x02")
    struct.pack_into("<H", content, central + 8, 1)
    place.write_bytes(content)
    assert "not packed as in the archive" in refused(folder)


def test_a_member_that_would_be_of_terabytes_is_refused(folder, place):
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("r.callboard", b"x" * 5_000)
        archive.infolist()[0].file_size = 1 << 42
    assert "would be of 4398046511104 bytes" in refused(folder)


def test_a_member_gives_no_more_than_there_is_whatever_it_says(folder, place):
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("r.callboard", b"x" * 5_000)
        archive.infolist()[0].file_size = 1 << 33
    with folder.open(NAME) as file, file.source("r") as source:
        assert len(source.readline(1 << 20)) <= 5_000


def test_members_that_lie_over_each_other_are_refused(folder, place):
    """One packed content under many names: a bomb whose every layer looks harmless."""
    content = bytearray(zipped(("a.callboard", b"x" * 100_000), ("b.callboard", b"x" * 100_000)))
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    struct.pack_into("<L", content, second + 42, 0)
    place.write_bytes(content)
    assert "lie over each other" in refused(folder)


def test_a_long_line_is_read_no_further_than_it_may_be(folder, place):
    place.write_bytes(zipped(("r.callboard", b"x" * 50_000_000)))
    with folder.open(NAME) as file, file.source("r") as source:
        assert len(source.readline(1_000)) == 1_000


def test_an_order_beyond_all_bounds_is_refused(folder, place):
    place.write_bytes(zipped(("r.order", b" " * (65 << 20)), ("s.order", b'[["a",99999999]]')))
    with folder.open(NAME) as file:
        for run in ("r", "s"):
            with pytest.raises(ArchiveDamaged, match="order"):
                file.order(run)


def test_what_is_no_archive_is_named(folder, place):
    for content in (b"", b"PK", b"not a zip file at all", os.urandom(4_000)):
        place.write_bytes(content)
        assert "cannot be read" in refused(folder)


def test_links_and_directories_in_the_folder_are_not_followed(folder, place, tmp_path):
    (tmp_path / "elsewhere").write_bytes(zipped(("r.callboard", "x")))
    place.symlink_to(tmp_path / "elsewhere")
    refused(folder)
    place.unlink()
    place.mkdir()
    refused(folder)
    place.rmdir()
    os.mkfifo(place)
    refused(folder)


@pytest.mark.parametrize("name", ["../x.zip", "x", "2026-13.zip", "2026-05-1.zip", "2026-05.zip/"])
def test_other_names_are_no_files_of_the_archive(folder, name):
    with pytest.raises(UnknownThing, match="no name"), folder.open(name):
        pass


def test_files_come_in_the_order_of_their_months(folder, tmp_path):
    for name in ("2026-05-10.zip", "2026-05.zip", "2025-12.zip", "2026-05-2.zip", "x.zip", ".lock"):
        (tmp_path / "archive" / name).touch()
    assert folder.names() == ["2025-12.zip", "2026-05.zip", "2026-05-2.zip", "2026-05-10.zip"]
    names = file_names("2026-05")
    assert [next(names) for _ in range(3)] == ["2026-05.zip", "2026-05-2.zip", "2026-05-3.zip"]
    assert place_of("2026-05-2.zip") == ("2026-05", 2)


def test_a_member_is_named_for_its_run_whatever_that_is_called():
    for run in ("r", "..", "a.order", "a.callboard", "A-1._"):
        assert member_of(f"{run}.callboard") == (run, ".callboard")
        assert member_of(f"{run}.order") == (run, ".order")


def test_a_run_that_is_not_in_a_file_is_named(folder, place):
    place.write_bytes(zipped(("r.callboard", "x")))
    with folder.open(NAME) as file:
        assert [one.run_id for one in file.members] == ["r"]
        with pytest.raises(UnknownThing, match="holds no run s"), file.source("s"):
            pass
