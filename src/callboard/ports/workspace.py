"""The workspace: files, commands and snapshots beneath one directory, and nothing above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callboard.domain.events.files import FileChange
from callboard.ports.event_store import Claim
from callboard.ports.examination import Finding


class FileRefused(Exception):
    """A path cannot be used. `reason`: `missing`, `outside`, `link`, `ignored`, `too_large`, `not_a_file`,
    `not_text`, `unreadable`. The message is fit for a model. `size` is given, in bytes, for `too_large`.
    """

    def __init__(self, message: str, *, reason: str, size: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.size = size


@dataclass(frozen=True, slots=True)
class DirectoryListing:
    """Names in one directory, sorted; links and special files left out."""

    files: tuple[str, ...]
    directories: tuple[str, ...]


class Files(Protocol):
    """Confined file access. All paths are relative to the workspace root (an absolute path inside it is
    accepted); every method raises FileRefused.
    """

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return a file's content. Ignored files and `.env*` (templates aside) are refused."""
        ...

    def write(self, path: str, content: bytes) -> bool:
        """Replace or create a file atomically, with its parent directories; return whether it is new."""
        ...

    def remove(self, path: str) -> None:
        """Delete a file. What `write` refuses to replace cannot be deleted either."""
        ...

    def modified(self, path: str) -> float:
        """Return when a file was last changed, in seconds; good for comparing with others."""
        ...

    def list(self, path: str) -> DirectoryListing:
        """List a directory, not recursively."""
        ...

    def visible(self, path: str) -> bool:
        """Return whether the file tools may name and read this path (it need not exist). Never raises."""
        ...

    def walk(self, *, limit: int) -> tuple[str, ...]:
        """Return paths of files that git does not ignore, sorted, at most `limit`."""
        ...


class PublishedTexts(Protocol):
    """What the packages installed in a workspace say of themselves, although git ignores their folders:
    `METADATA` beneath `.venv` and `venv`, `README` files beneath `node_modules`. Everything else is refused,
    and so is what `Files` refuses for another reason than git's. Every method raises FileRefused.
    """

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return a file's content."""
        ...

    def list(self, path: str) -> DirectoryListing:
        """List a directory, not recursively."""
        ...


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A shell command line, run by `bash -c` (or `sh -c`). `cwd` is relative to the workspace.

    `argv` replaces the shell where the caller already has separate arguments. `timeout_s` None: no limit.
    """

    command: str
    cwd: str = "."
    timeout_s: float | None = 30.0
    argv: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Outcome of a command. Output is decoded, stripped of terminal escapes and bounded (head and tail)."""

    exit_code: int | None
    stdout: str
    stderr: str
    timed_out: bool = False


class Commands(Protocol):
    """Confined commands: workspace writable, the rest read-only or absent, no network, clean environment."""

    async def run(self, request: CommandRequest) -> CommandResult:
        """Run to the end, or until the timeout or a cancellation, which kill everything it started.

        Raises:
            SandboxUnavailable: no confinement here and no explicit opt-out.
            FileRefused: `cwd` is not a directory beneath the workspace.
        """
        ...

    async def start(self, request: CommandRequest) -> str:
        """Start in the background; return a process id of ours. It dies with the workspace's `close`."""
        ...

    async def search(
        self, arguments: Sequence[str], *, cwd: str, timeout_s: float
    ) -> CommandResult:
        """Run the bundled ripgrep with these arguments, confined and read-only."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What changed between two trees. `diff` is a unified diff, bounded in size."""

    base_tree: str
    tree: str
    changes: tuple[FileChange, ...]
    diff: str


class Snapshots(Protocol):
    """The files as git trees. The user's index, hooks and configuration are never touched or run."""

    async def record(self, base_tree: str | None) -> Snapshot:
        """Store the present files as a tree and compare with `base_tree` (None: nothing to compare)."""
        ...

    async def restore(self, tree: str) -> None:
        """Make the files what they were in `tree`; ignored files stay."""
        ...

    async def keep(self) -> None:
        """Keep the present files where another machine finds them, before an event says that they are so. Does nothing
        where only this machine works on them.
        """
        ...


class Workspace(Protocol):
    """One directory that a run works in."""

    @property
    def root(self) -> str:
        """Absolute path."""
        ...

    @property
    def files(self) -> Files:
        """Confined file access."""
        ...

    @property
    def published(self) -> PublishedTexts:
        """The texts of installed packages."""
        ...

    @property
    def commands(self) -> Commands:
        """Confined commands."""
        ...

    @property
    def snapshots(self) -> Snapshots:
        """Recording and restoring of files."""
        ...

    async def close(self) -> None:
        """End background commands. Idempotent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A change to be handed over: a tree that was recorded of a workspace, to be committed on top of `base_commit` of a
    repository, on a branch of it. `author` is a name, or a name and an address (`Ann <ann@example.org>`).
    """

    workspace: str
    repository: str
    base_commit: str
    tree: str
    branch: str
    message: str
    author: str


class Workspaces(Protocol):
    """Opens workspaces and makes private copies of repositories."""

    async def examine(self) -> Sequence[Finding]:
        """Try what commands are run and confined with on this machine; return what was found. Never raises."""
        ...

    async def open(self, root: str) -> Workspace:
        """Open an existing directory. A private copy that another machine works on is shown as it was when its files
        were last recorded.

        Raises:
            ConfigurationInvalid: it is not a directory, or a copy that cannot be made here.
        """
        ...

    async def reach(self, root: str) -> None:
        """Do nothing where a run could go on in a directory on this machine. Changes nothing.

        Raises:
            ConfigurationInvalid: it could not: the directory, its repository or its recorded files are elsewhere.
        """
        ...

    async def is_copy(self, root: str) -> bool:
        """Return whether a directory is a private copy of a repository, made by `clone` or `branch`: nobody's own."""
        ...

    async def take(self, root: str, claim: Claim) -> None:
        """Make a directory what it was when its files were last recorded, and say that it is worked on here from now on;
        where it was worked on here last, it stays as it is. Only for whoever holds the claim of a run in it.

        Raises:
            ConfigurationInvalid: it cannot be made here.
            Fenced: the claim was lost before it was made.
        """
        ...

    async def clone(self, repository: str, commit: str, destination: str) -> None:
        """Check out `commit` of a repository in a private directory that shares objects but no
        configuration, hooks or refs. Idempotent.
        """
        ...

    async def branch(self, root: str, tree: str, destination: str) -> None:
        """Lay the files of a tree that was recorded of `root` into a new directory, with a repository of its
        own where `root` is one.

        Raises:
            ConfigurationInvalid: the tree was never recorded here, or the directory is in use.
        """
        ...

    async def head(self, repository: str) -> str:
        """Return the commit id of a repository's HEAD.

        Raises:
            ConfigurationInvalid: not a git repository, or no commit yet.
        """
        ...

    async def publish(self, change: Publication) -> str:
        """Commit the tree and set the branch to it; return the commit's id. Idempotent: the same change gives the same
        commit.

        Raises:
            ConfigurationInvalid: a bad branch name, a checked-out branch, an unknown commit or tree.
        """
        ...
