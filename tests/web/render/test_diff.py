import difflib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.web.render.changes import ChangedFile, files_of
from callboard.web.render.diff import diff
from callboard.web.render.versions import between

from .markup import read
from .payloads import PAYLOADS

LINES = st.lists(
    st.sampled_from(
        ["a", "b", "", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "diff --git a/x b/x", "\\ n"]
    ),
    max_size=12,
)
BITS = st.sampled_from(
    [
        *(
            "diff --git a/x b/x",
            "--- a/x",
            "+++ b/x",
            "--- /dev/null",
            "@@ -1,2 +1,2 @@ f()",
            "@@ -1 +1,9999 @@",
        ),
        *(
            "+a",
            "-b",
            " c",
            "",
            "\\ No newline at end of file",
            "rename from x",
            "rename to y",
            "Binary files differ",
        ),
        *(
            "new file mode 100644",
            "deleted file mode 100644",
            "GIT binary patch",
            '--- "a/\\303\\251"',
            "@@",
            "index 1..2",
        ),
    ]
) | st.text(max_size=8)


def old_of(file: ChangedFile) -> list[str]:
    return [line.text for hunk in file.hunks for line in hunk.lines if line.kind != "added"]


def new_of(file: ChangedFile) -> list[str]:
    return [line.text for hunk in file.hunks for line in hunk.lines if line.kind != "removed"]


@settings(deadline=None)
@given(LINES, LINES)
def test_a_change_that_git_could_write_is_read_back(old: list[str], new: list[str]):
    text = "\n".join(difflib.unified_diff(old, new, "a/f", "b/f", n=99, lineterm=""))
    files = files_of(text)
    assert len(files) == (old != new)
    for file in files:
        assert (old_of(file), new_of(file)) == (old, new)
        assert file.notes == ()


@settings(deadline=None)
@given(st.lists(BITS, max_size=30).map("\n".join))
def test_any_text_is_read_and_shown_without_losing_a_line(text: str):
    files = files_of(text)
    read(diff(files))
    kept = "\n".join(
        line
        for file in files
        for line in (*file.notes, *(one.text for hunk in file.hunks for one in hunk.lines))
    )
    heads = ("diff --git ", "index", "---", "+++", "@@ ", "\\", "rename ", "copy ")
    for line in text.split("\n"):
        assert line.startswith(heads) or line in kept or line[1:] in kept


@settings(deadline=None)
@given(LINES, LINES)
def test_the_change_between_two_texts_turns_one_into_the_other(old: list[str], new: list[str]):
    before, after = "\n".join(old), "\n".join(new)
    file = between(before, after)
    if before == after:
        assert file.hunks == ()
    lines = before.split("\n")
    numbers = [line.old for hunk in file.hunks for line in hunk.lines if line.old is not None]
    assert numbers == sorted(set(numbers))
    for hunk in file.hunks:
        for line in hunk.lines:
            if line.old is not None:
                assert lines[line.old - 1] == line.text
            if line.new is not None:
                assert after.split("\n")[line.new - 1] == line.text
    assert file.added - file.removed == _lines(after) - _lines(before)


def test_texts_of_a_million_lines_are_compared_at_once():
    old, new = "".join(f"{n}\n" for n in range(200_000)), "".join(f"{n} \n" for n in range(200_000))
    file = between(f"same\n{old}end\n", f"same\n{new}end\n")
    assert (file.added, file.removed) == (200_000, 200_000)
    (hunk,) = file.hunks
    assert (hunk.lines[0].text, hunk.lines[-1].text) == ("same", "end")


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and text != "")


def test_unchanged_lines_far_from_a_change_are_left_out():
    old = "".join(f"line {n}\n" for n in range(100))
    file = between(old, old.replace("line 20\n", "line twenty\n").replace("line 80\n", ""))
    assert [len(hunk.lines) for hunk in file.hunks] == [8, 7]
    assert (file.added, file.removed) == (1, 2)
    assert [(hunk.old_start, hunk.new_start) for hunk in file.hunks] == [(18, 18), (78, 78)]


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=ann", "-c", "user.email=a@b.example", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def change(tmp_path: Path) -> str:
    """What git says of files that are changed, moved, added, removed, binary and oddly named."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "kept.py").write_text("def f():\n    return 1\n", encoding="utf-8")
    (tmp_path / "old name.txt").write_text("".join(f"{n}\n" for n in range(30)), encoding="utf-8")
    (tmp_path / "gone.txt").write_text("-- a/kept.py\n", encoding="utf-8")
    (tmp_path / "pic.bin").write_bytes(bytes(range(256)))
    (tmp_path / "run.sh").write_text("true\n", encoding="utf-8")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "one")
    (tmp_path / "kept.py").write_text("def f():\n    return 2", encoding="utf-8")
    (tmp_path / "old name.txt").rename(tmp_path / "new name.txt")
    (tmp_path / "gone.txt").unlink()
    (tmp_path / "pic.bin").write_bytes(bytes(range(255)))
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "\u00e9\t.txt").write_text("new\n", encoding="utf-8")
    _git(tmp_path, "add", ".")
    return _git(tmp_path, "diff", "--cached", "-M")


def test_every_kind_of_file_is_understood(change: str):
    files = {file.path: file for file in files_of(change)}
    assert {path: file.kind for path, file in files.items()} == {
        "kept.py": "changed",
        "new name.txt": "renamed",
        "gone.txt": "removed",
        "pic.bin": "changed",
        "run.sh": "changed",
        "\u00e9\t.txt": "added",
    }
    assert files["new name.txt"].before == "old name.txt"
    assert files["pic.bin"].is_binary
    assert files["run.sh"].notes == ("old mode 100644", "new mode 100755")
    assert old_of(files["gone.txt"]) == ["-- a/kept.py"]
    assert [line.is_open for line in files["kept.py"].hunks[0].lines] == [False, False, True]


def test_a_change_shows_both_numbers_counts_and_what_git_says(change: str):
    root = read(diff(files_of(change)))
    assert "old name.txt \u2192 new name.txt" in root.text
    assert "no newline at the end" in root.text
    kept = next(
        file for file in root.named("diff-file") if file.named("diff-path")[0].text == "kept.py"
    )
    assert [one.text for one in kept.named("diff-plus") + kept.named("diff-minus")] == [
        "+1",
        "\u22121",
    ]
    (added,) = kept.named("diff-added")
    assert [one.attributes.get("data-n") for one in added.named("diff-no")] == [None, "2"]
    assert [one.text for one in added.every("ins")] == ["2"]
    assert [one.text for one in kept.every("del")] == ["1"]


def test_a_changed_word_keeps_the_colour_of_its_code():
    root = read(diff([between("def f(): return 'a'\n", "def g(): return 'a'\n", "x.py")]))
    (word,) = root.every("ins")
    assert [one.text for one in word.named("code-f")] == ["g"]


def test_lines_with_nothing_in_common_have_no_marks():
    root = read(diff([between("alpha beta\n", "quite another thing\n")]))
    assert not list(root.every("ins"))


def test_a_large_change_is_cut_and_leads_to_all_of_it():
    files = [between("", "".join(f"{n}\n" for n in range(2_000)), "big.txt")]
    root = read(diff(files, limit=50, more="/runs/r1/changes?all=1"))
    assert len(root.named("diff-added")) == 50
    (more,) = root.named("diff-more")
    assert more.text == "Show all 2,000 lines"
    assert next(more.every("a")).attributes["href"] == "/runs/r1/changes?all=1"
    assert len(read(diff(files, limit=None)).named("diff-added")) == 2_000


def test_a_hunk_that_promises_more_lines_than_there_are_ends_where_they_end():
    (one, two) = files_of("--- a/x\n+++ b/x\n@@ -1 +1,999999999 @@\n+a\ndiff --git a/y b/y\n")
    assert (one.path, one.added, two.path) == ("x", 1, "y")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_in_a_change_is_shown(payload: str):
    for file in (between("", payload, payload), between(payload, payload + "\nx", "a.html")):
        root = read(diff([file]))
        assert not {one.tag for one in root.every()} & {"script", "img", "a", "svg"}
