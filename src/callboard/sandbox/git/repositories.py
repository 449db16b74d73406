"""Reading the user's repositories."""

from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.sandbox.git.process import Git, GitFailed


async def locate(repository: str) -> Git:
    """Return git for the repository that a directory belongs to.

    Raises:
        ConfigurationInvalid: there is none.
    """
    try:
        found = await Git(repository, discover=True).line(
            "rev-parse", "--path-format=absolute", "--git-dir"
        )
    except GitFailed as problem:
        raise ConfigurationInvalid(f"{repository} is not a git repository: {problem}") from None
    return Git(found)


async def commit_id(git: Git, commit: str) -> str:
    """Return the full id of a commit.

    Raises:
        ConfigurationInvalid: there is no such commit.
    """
    if not commit or commit.startswith("-"):
        raise ConfigurationInvalid(f"{commit!r} is not a commit.")
    try:
        return await git.line("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    except GitFailed:
        message = f"{git.directory} has no commit {commit!r} (is there a first commit yet?)."
        raise ConfigurationInvalid(message) from None


async def shared_objects(git: Git) -> tuple[str, ...]:
    """Return the directories in which a repository's objects are, its own first."""
    own = await git.line("rev-parse", "--path-format=absolute", "--git-path", "objects")
    found = [own]
    for place in found:
        try:
            lines = (Path(place) / "info" / "alternates").read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            if line and not line.startswith("#"):
                other = str((Path(place) / line).resolve())
                if other not in found:
                    found.append(other)
    return tuple(found)
