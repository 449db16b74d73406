"""The demonstration's repository: a small real project in which a test fails, as a real git repository."""

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.sample.repositories import commit_all

PROJECT = Path(__file__).parent.parent / "definitions" / "templates" / "demo" / "project"


def require_pytest(find: Callable[[str], object] = find_spec) -> None:
    """Refuse to begin where the project's own tests cannot run.

    Raises:
        ConfigurationInvalid: pytest is not installed beside Callboard.
    """
    if find("pytest") is None:
        raise ConfigurationInvalid(
            "the demonstration checks its project with pytest, which is not installed here; "
            "run `pip install 'callboard[demo]'`, or use a repository of yours with --repo"
        )


def make_repository(place: Path) -> Path:
    """Copy the project to a new directory and commit it.

    Raises:
        ConfigurationInvalid: git or pytest is missing, or the directory cannot be written.
    """
    require_pytest()
    try:
        place.mkdir(parents=True)
        _fill(place)
    except OSError as error:
        raise ConfigurationInvalid(
            f"the demonstration needs git and a writable directory {place}: {error}"
        ) from None
    return place


def _fill(place: Path) -> None:
    """Put the project into a directory, all of it or, where that fails, nothing: a full disk has no room for half of it."""
    try:
        for source in PROJECT.rglob("*"):
            if source.is_file() and source.suffix != ".pyc":
                target = place / source.relative_to(PROJECT)
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(source.read_bytes())
        (place / "gitignore").rename(place / ".gitignore")
        commit_all(place, "Demo", "Add up orders")
    except BaseException:
        shutil.rmtree(place)
        raise
