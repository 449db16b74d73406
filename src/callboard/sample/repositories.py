"""The sample's repositories as real ones: small, and each with one commit."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.sample.work import REPOSITORIES

_SAFE: Final = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "init.defaultBranch=main",
    "-c",
    "gc.auto=0",
)


def make_repositories(folder: Path) -> dict[str, tuple[str, str]]:
    """Make the repository of every space; return its path and its commit.

    Raises:
        ConfigurationInvalid: git is missing, or the folder cannot be written.
    """
    return {space: _made(folder / space, files) for space, files in REPOSITORIES.items()}


def _made(place: Path, files: Mapping[str, str]) -> tuple[str, str]:
    try:
        for name, content in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return str(place), commit_all(place, "Sample", "Begin")
    except OSError as error:
        raise ConfigurationInvalid(
            f"the sample needs git and a writable directory {place}: {error}"
        ) from None


def commit_all(place: Path, who: str, message: str) -> str:
    """Make a directory a git repository, with all of its files in one commit by somebody; return that commit.

    Raises:
        ConfigurationInvalid: git does not do it, and says why.
        OSError: git is missing.
    """
    author = ("-c", f"user.name={who}", "-c", f"user.email={who.lower()}@callboard.invalid")
    _git(place, "init", "--quiet")
    _git(place, "add", "--all")
    _git(place, *author, "commit", "--quiet", "--no-verify", "--message", message)
    return _git(place, "rev-parse", "HEAD").strip()


def _git(place: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - a fixed program with arguments of our own
        ["git", *_SAFE, *arguments],  # noqa: S607 - the user's own git
        cwd=place,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise ConfigurationInvalid(
            f"git {' '.join(arguments)} failed in {place}: {done.stderr.strip()}"
        )
    return done.stdout
