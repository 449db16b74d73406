"""What every `Files` does. Subclass, and give the fixtures `root` (an empty directory) and `files`."""

# ruff: noqa: D102 - the names of the tests are their sentences

import os
from pathlib import Path

import pytest

from callboard.ports.workspace import FileRefused, Files

_SMALL = 100


def refusal(files: Files, path: str) -> str:
    """Return the reason why a file cannot be read."""
    with pytest.raises(FileRefused) as refused:
        files.read(path, max_bytes=_SMALL)
    return refused.value.reason


def refusal_to_write(files: Files, path: str) -> str:
    """Return the reason why a file cannot be written."""
    with pytest.raises(FileRefused) as refused:
        files.write(path, b"x")
    return refused.value.reason


def refusal_to_remove(files: Files, path: str) -> str:
    """Return the reason why a file cannot be deleted."""
    with pytest.raises(FileRefused) as refused:
        files.remove(path)
    return refused.value.reason


class FilesContract:
    """The behaviour of `callboard.ports.workspace.Files`."""

    def test_reads_back_what_was_written(self, files: Files) -> None:
        assert files.write("a/deep/file.txt", b"one") is True
        assert files.write("a/deep/file.txt", b"two") is False
        assert files.read("a/deep/file.txt", max_bytes=_SMALL) == b"two"

    def test_an_absolute_path_inside_the_root_is_accepted(self, files: Files, root: Path) -> None:
        (root / "file").write_bytes(b"x")
        assert files.read(f"{root}/file", max_bytes=_SMALL) == b"x"

    @pytest.mark.parametrize(
        "path",
        ["../x", "a/../../x", "/etc/passwd", "/proc/self/environ", "..", "/", "a/b/../../../etc"],
    )
    def test_paths_that_leave_the_root_are_outside(self, files: Files, path: str) -> None:
        files.write("a/b/c", b"x")
        assert refusal(files, path) == "outside"

    def test_a_sibling_with_the_same_prefix_is_outside(self, files: Files, root: Path) -> None:
        sibling = root.with_name(root.name + "-evil")
        sibling.mkdir()
        (sibling / "file").write_bytes(b"x")
        assert refusal(files, f"{sibling}/file") == "outside"
        assert refusal(files, f"../{sibling.name}/file") == "outside"
        assert refusal_to_write(files, f"{sibling}/new") == "outside"

    def test_a_link_that_leaves_the_root_is_outside(self, files: Files, root: Path) -> None:
        secret = root.with_name("secret.txt")
        secret.write_bytes(b"secret")
        (root / "absolute").symlink_to(secret)
        (root / "relative").symlink_to("../secret.txt")
        (root / "directory").symlink_to("..")
        for path in ("absolute", "relative", "directory/secret.txt"):
            assert refusal(files, path) == "outside"
            assert refusal_to_write(files, path) == "outside"
        assert refusal_to_write(files, "directory/new.txt") == "outside"
        assert secret.read_bytes() == b"secret"
        assert not root.with_name("new.txt").exists()

    def test_a_link_inside_the_root_is_named_and_not_followed(
        self, files: Files, root: Path
    ) -> None:
        """A rule on `secrets/**` is judged by the path that was asked for: there is no other way in."""
        (root / "secrets").mkdir()
        (root / "secrets" / "key").write_bytes(b"old")
        (root / "link").symlink_to("secrets/key")
        (root / "folder").symlink_to("secrets")
        for path in ("link", "folder/key", "./folder//key"):
            with pytest.raises(FileRefused, match="secrets/key"):
                files.read(path, max_bytes=_SMALL)
            assert refusal(files, path) == "link"
            assert refusal_to_write(files, path) == "link"
        assert refusal_to_write(files, "folder/new") == "link"
        assert (root / "secrets" / "key").read_bytes() == b"old"
        assert not (root / "secrets" / "new").exists()

    def test_links_in_a_circle_are_refused(self, files: Files, root: Path) -> None:
        (root / "one").symlink_to("two")
        (root / "two").symlink_to("one")
        assert refusal(files, "one") == "outside"

    def test_a_link_that_leads_nowhere_is_not_written_through(
        self, files: Files, root: Path
    ) -> None:
        (root / "dangling").symlink_to("nothing")
        assert refusal_to_write(files, "dangling") == "not_a_file"
        assert not (root / "nothing").exists()

    @pytest.mark.parametrize("path", ["nul\0byte", "\udc80", "a" * 10_000, "a/" * 5_000])
    def test_what_cannot_be_a_path_is_refused(self, files: Files, path: str) -> None:
        assert refusal(files, path) == "unreadable"
        assert refusal_to_write(files, path) == "unreadable"
        assert files.visible(path) is False

    def test_a_missing_file_is_missing(self, files: Files) -> None:
        files.write("file", b"x")
        assert refusal(files, "nope") == "missing"
        assert refusal(files, "file/below") == "missing"
        assert refusal(files, "n" * 300) == "missing"

    @pytest.mark.parametrize(
        "path",
        [".git/config", ".git", ".GIT/config", "sub/.git/hooks/x", ".g\u200cit/config", ".git/"],
    )
    def test_git_s_own_files_are_refused(self, files: Files, root: Path, path: str) -> None:
        (root / ".git").mkdir()
        (root / ".git" / "config").write_bytes(b"[core]")
        assert refusal(files, path) == "ignored"
        assert refusal_to_write(files, path) == "ignored"
        assert (root / ".git" / "config").read_bytes() == b"[core]"

    @pytest.mark.parametrize("name", [".env", ".env.local", ".ENV", "sub/.env", ".envs/prod"])
    def test_secrets_are_refused_by_any_spelling(self, files: Files, root: Path, name: str) -> None:
        place = root / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"KEY=secret")
        (root / "plain").symlink_to(name)
        (root / "x").mkdir()
        for path in (name, f"./{name}", f"x/../{name}", f"{root}/{name}", "plain", f"{name}/"):
            assert refusal(files, path) == "ignored"
            assert refusal_to_write(files, path) == "ignored"
        assert place.read_bytes() == b"KEY=secret"
        assert name not in files.walk(limit=_SMALL)

    @pytest.mark.parametrize("name", [".env.example", ".env.sample", ".env.template"])
    def test_templates_of_secrets_are_served(self, files: Files, name: str) -> None:
        files.write(name, b"KEY=")
        assert files.read(name, max_bytes=_SMALL) == b"KEY="
        assert files.walk(limit=_SMALL) == (name,)

    def test_what_git_ignores_is_refused(self, files: Files, root: Path) -> None:
        (root / ".gitignore").write_text("*.key\nbuild/\n!public.key\n/secrets/**\n")
        for name in ("a.key", "build/out/x", "secrets/deep/token", "public.key"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(b"x")
        for name in ("a.key", "build/out/x", "secrets/deep/token"):
            assert refusal(files, name) == "ignored"
            assert refusal_to_write(files, name) == "ignored"
            assert not files.visible(name)
        assert files.read("public.key", max_bytes=_SMALL) == b"x"
        assert files.walk(limit=_SMALL) == (".gitignore", "public.key")

    def test_deeper_rules_win_and_an_ignored_directory_stays_ignored(
        self, files: Files, root: Path
    ) -> None:
        (root / "sub").mkdir()
        (root / "out").mkdir()
        (root / ".gitignore").write_text("*.log\nout/\n")
        (root / "sub" / ".gitignore").write_text("!kept.log\n")
        (root / "out" / ".gitignore").write_text("!*\n")
        for name in ("sub/kept.log", "sub/other.log", "out/file"):
            (root / name).write_bytes(b"x")
        assert files.read("sub/kept.log", max_bytes=_SMALL) == b"x"
        assert refusal(files, "sub/other.log") == "ignored"
        assert refusal(files, "out/file") == "ignored"

    def test_a_changed_gitignore_counts_at_once(self, files: Files, root: Path) -> None:
        (root / "notes.txt").write_bytes(b"x")
        assert files.read("notes.txt", max_bytes=_SMALL) == b"x"
        (root / ".gitignore").write_text("notes.txt\n")
        assert refusal(files, "notes.txt") == "ignored"
        (root / ".gitignore").write_text("others.txt\n")
        assert files.read("notes.txt", max_bytes=_SMALL) == b"x"

    def test_special_files_and_directories_are_no_files(self, files: Files, root: Path) -> None:
        os.mkfifo(root / "fifo")
        (root / "directory").mkdir()
        for path in ("fifo", "directory", "."):
            assert refusal(files, path) == "not_a_file"
            assert refusal_to_write(files, path) == "not_a_file"

    def test_a_file_over_the_limit_is_too_large_and_never_loaded(
        self, files: Files, root: Path
    ) -> None:
        with (root / "sparse").open("wb") as sparse:
            sparse.truncate(10 << 30)
        with pytest.raises(FileRefused) as refused:
            files.read("sparse", max_bytes=10_000_000)
        assert (refused.value.reason, refused.value.size) == ("too_large", 10 << 30)

    def test_writing_keeps_an_existing_file_s_mode(self, files: Files, root: Path) -> None:
        script = root / "script.sh"
        script.write_bytes(b"old")
        script.chmod(0o750)
        files.write("script.sh", b"new")
        assert script.stat().st_mode & 0o777 == 0o750
        assert [entry.name for entry in root.iterdir()] == ["script.sh"]

    def test_a_deleted_file_is_gone_and_its_directory_is_not(
        self, files: Files, root: Path
    ) -> None:
        files.write("a/one", b"x")
        files.write("a/two", b"x")
        files.remove("./a/one")
        files.remove(f"{root}/a/two")
        assert list((root / "a").iterdir()) == []
        assert refusal_to_remove(files, "a/one") == "missing"
        assert refusal_to_remove(files, "a/b/c") == "missing"

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            *(("../victim", "outside"), ("/etc/passwd", "outside"), ("absolute", "outside")),
            *(("folder/victim", "outside"), ("link", "link"), ("nowhere", "not_a_file")),
            *((".git/config", "ignored"), (".env", "ignored"), ("build/x", "ignored")),
            *(("directory", "not_a_file"), (".", "not_a_file"), ("nul\0byte", "unreadable")),
        ],
    )
    def test_what_cannot_be_written_cannot_be_deleted(
        self, files: Files, root: Path, path: str, reason: str
    ) -> None:
        victim = root.with_name("victim")
        for place in (victim, root / "real", root / ".git/config", root / ".env", root / "build/x"):
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(b"x")
        (root / "directory").mkdir()
        (root / ".gitignore").write_text("build/\n")
        (root / "absolute").symlink_to(victim)
        (root / "folder").symlink_to("..")
        (root / "link").symlink_to("real")
        (root / "nowhere").symlink_to("nothing")
        before = sorted(place.name for place in (*root.rglob("*"), victim))
        found = refusal_to_remove(files, path)
        assert found in {reason, "missing"} if path == "nowhere" else found == reason
        assert sorted(place.name for place in (*root.rglob("*"), victim)) == before

    def test_a_file_that_was_changed_later_is_newer(self, files: Files, root: Path) -> None:
        for name, changed in (("old", 1_000), ("new", 2_000)):
            files.write(name, b"x")
            os.utime(root / name, (changed, changed))
        assert files.modified("old") < files.modified("new")
        for path, reason in (("nope", "missing"), ("../x", "outside"), (".env", "ignored")):
            with pytest.raises(FileRefused) as refused:
                files.modified(path)
            assert refused.value.reason == reason

    def test_lists_one_directory_without_links(self, files: Files, root: Path) -> None:
        files.write("sub/b.txt", b"x")
        files.write("sub/a.txt", b"x")
        files.write("sub/deeper/c.txt", b"x")
        (root / "sub" / "link").symlink_to("a.txt")
        listing = files.list("sub")
        assert (listing.files, listing.directories) == (("a.txt", "b.txt"), ("deeper",))
        with pytest.raises(FileRefused):
            files.list("sub/a.txt")
        with pytest.raises(FileRefused):
            files.list("..")

    def test_walks_at_most_the_limit_and_never_out_of_the_root(
        self, files: Files, root: Path
    ) -> None:
        (root / "loop").symlink_to(".")
        (root / "etc").symlink_to("/etc")
        for number in range(5):
            files.write(f"d/{number}.txt", b"x")
        assert files.walk(limit=100) == tuple(f"d/{number}.txt" for number in range(5))
        assert len(files.walk(limit=3)) == 3
