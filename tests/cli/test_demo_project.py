import pytest

from callboard.cli.demo_repository import make_repository, require_pytest
from callboard.domain.errors import ConfigurationInvalid


def test_the_demonstration_says_how_to_get_what_its_check_needs():
    with pytest.raises(ConfigurationInvalid, match=r"callboard\[demo\]"):
        require_pytest(find=lambda name: None)


def test_with_pytest_installed_the_demonstration_may_begin():
    require_pytest()


def test_without_git_the_demonstration_says_so_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationInvalid, match=r"needs git .*/place: .*'git'$"):
        make_repository(tmp_path / "place")
    assert not (tmp_path / "place").exists()


def test_where_git_fails_the_demonstration_says_why_and_leaves_nothing_behind(
    tmp_path, monkeypatch
):
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\necho No space left on device >&2\nexit 128\n")
    git.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(
        ConfigurationInvalid, match=r"git init --quiet failed .*: No space left on device"
    ):
        make_repository(tmp_path / "place")
    assert not (tmp_path / "place").exists()


def test_a_place_that_is_taken_is_left_as_it_is(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(ConfigurationInvalid, match="File exists"):
        make_repository(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


def test_the_project_is_committed_whole(tmp_path):
    place = make_repository(tmp_path / "place")
    there = {str(one.relative_to(place)) for one in place.rglob("*") if one.is_file()}
    assert {one for one in there if not one.startswith(".git/")} == {
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "tally/__init__.py",
        "tally/money.py",
        "tally/order.py",
        "tests/test_order.py",
    }
