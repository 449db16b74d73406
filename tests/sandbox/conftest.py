import subprocess
import sys
from pathlib import Path

import pytest

from callboard.sandbox.commands import landlock
from callboard.sandbox.workspaces import open_workspaces
from callboard.testing.tree_packs import MemoryTreePacks

from .machines import Machine

PYTHONS = (sys.prefix, sys.base_prefix)
GIT_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}


class Repository:
    """A real git repository of the user."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.place,
            env=GIT_ENVIRONMENT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str]) -> str:
        for name, content in files.items():
            place = self.place / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        self.git("add", "--force", ".")
        self.git("commit", "--quiet", "--message=files")
        return self.git("rev-parse", "HEAD")

    def tree(self, commit: str) -> str:
        return self.git("rev-parse", f"{commit}^{{tree}}")


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


@pytest.fixture
def root(tmp_path):
    place = tmp_path / "place" / "workspace"
    place.mkdir(parents=True)
    return place


@pytest.fixture
def workspaces(tmp_path):
    """Confined by landlock, so that these tests run where namespaces are not to be had."""
    return open_workspaces(tmp_path / "state", read_only=PYTHONS, kinds=("landlock",))


@pytest.fixture
async def workspace(workspaces, root, anyio_backend):
    opened = await workspaces.open(str(root))
    yield opened
    await opened.close()


@pytest.fixture
def packs():
    return MemoryTreePacks()


@pytest.fixture
def machine(tmp_path, packs):
    def made(name, **options):
        return Machine(tmp_path / name, packs, **options)

    return made


def _bubblewrap_starts() -> bool:
    try:
        done = subprocess.run(
            ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return False
    return done.returncode == 0


KINDS = [
    pytest.param(
        "landlock",
        marks=pytest.mark.skipif(
            landlock.version() < landlock.NEEDED_VERSION, reason="this kernel's landlock is too old"
        ),
    ),
    pytest.param(
        "bubblewrap",
        marks=pytest.mark.skipif(not _bubblewrap_starts(), reason="bubblewrap cannot start here"),
    ),
]


@pytest.fixture(params=KINDS)
async def opened(request, tmp_path, root, anyio_backend):
    workspaces = open_workspaces(tmp_path / "state", read_only=PYTHONS, kinds=(request.param,))
    workspace = await workspaces.open(str(root))
    yield workspace
    await workspace.close()


@pytest.fixture
def commands(opened):
    return opened.commands
