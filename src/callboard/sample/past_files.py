"""The files of the past: repositories in memory, so that sixty days of work take seconds."""

import difflib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.files import FileChange
from callboard.ports.event_store import Claim
from callboard.ports.examination import Finding
from callboard.ports.workspace import (
    CommandRequest,
    CommandResult,
    Commands,
    DirectoryListing,
    FileRefused,
    Files,
    Publication,
    PublishedTexts,
    Snapshot,
    Snapshots,
    Workspace,
)

Content = dict[str, str]
Answer = Callable[[str], CommandResult]


@dataclass(slots=True)
class PastWorkspaces:
    """`ports.workspace.Workspaces` over texts: `repositories` are the files of each at its only commit, `heads` the
    ids of these commits, `answer` is what commands come to.
    """

    repositories: Mapping[str, Mapping[str, str]]
    heads: Mapping[str, str]
    answer: Answer
    copies: dict[str, Content] = field(default_factory=dict[str, Content])
    trees: dict[str, Content] = field(default_factory=dict[str, Content])

    async def examine(self) -> Sequence[Finding]:
        """See the port. There is nothing to try."""
        return ()

    async def open(self, root: str) -> Workspace:
        """See the port."""
        if root not in self.copies:
            raise ConfigurationInvalid(f"{root} is no directory of the past")
        return PastWorkspace(root, self.copies[root], self.trees, self.answer)

    async def reach(self, root: str) -> None:
        """See the port. The past is in one place."""

    async def is_copy(self, root: str) -> bool:
        """See the port."""
        return root in self.copies

    async def take(self, root: str, claim: Claim) -> None:
        """See the port. The past is in one place."""

    async def clone(self, repository: str, commit: str, destination: str) -> None:
        """See the port. There is one commit only."""
        del commit
        self.copies.setdefault(destination, dict(self.repositories[repository]))

    async def branch(self, root: str, tree: str, destination: str) -> None:
        """See the port."""
        del root
        self.copies[destination] = dict(self.trees[tree])

    async def head(self, repository: str) -> str:
        """See the port."""
        if repository not in self.heads:
            raise ConfigurationInvalid(f"{repository} is no repository of the past")
        return self.heads[repository]

    async def publish(self, change: Publication) -> str:
        """See the port. The commit is remembered by nothing but its id."""
        return _id_of(change.base_commit, change.tree, change.message, change.author)


@dataclass(frozen=True, slots=True)
class PastWorkspace:
    """One directory of texts: its files, its commands and its snapshots."""

    root: str
    content: Content
    trees: dict[str, Content]
    answer: Answer

    @property
    def files(self) -> Files:
        """The files."""
        return self

    @property
    def published(self) -> PublishedTexts:
        """Nothing is installed that is no file."""
        return self

    @property
    def commands(self) -> Commands:
        """The commands."""
        return self

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots."""
        return self

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return a file's content."""
        return self._text(path).encode()[:max_bytes]

    def write(self, path: str, content: bytes) -> bool:
        """Replace or create a file."""
        new = path not in self.content
        self.content[path] = content.decode()
        return new

    def remove(self, path: str) -> None:
        """Delete a file."""
        self._text(path)
        del self.content[path]

    def modified(self, path: str) -> float:
        """Return 0: nothing is newer than anything else."""
        self._text(path)
        return 0.0

    def visible(self, path: str) -> bool:
        """Return whether it is there; all that is there may be seen."""
        return path in self.content

    def list(self, path: str) -> DirectoryListing:
        """List a directory."""
        prefix = "" if path in ("", ".") else path.rstrip("/") + "/"
        below = [name.removeprefix(prefix) for name in self.content if name.startswith(prefix)]
        files = sorted(name for name in below if "/" not in name)
        folders = sorted({name.partition("/")[0] for name in below if "/" in name})
        return DirectoryListing(tuple(files), tuple(folders))

    def walk(self, *, limit: int) -> tuple[str, ...]:
        """Return the paths of all files."""
        return tuple(sorted(self.content))[:limit]

    async def run(self, request: CommandRequest) -> CommandResult:
        """Return what the command comes to."""
        return self.answer(request.command)

    async def start(self, request: CommandRequest) -> str:
        """Return an id; nothing runs in the background of the past."""
        return f"past-{len(request.command)}"

    async def search(
        self, arguments: Sequence[str], *, cwd: str, timeout_s: float
    ) -> CommandResult:
        """Find nothing: no model of the past searches."""
        del arguments, cwd, timeout_s
        return CommandResult(1, "", "")

    async def record(self, base_tree: str | None) -> Snapshot:
        """See `ports.workspace.Snapshots`."""
        listed = [part for path in sorted(self.content) for part in (path, self.content[path])]
        tree = _id_of(*listed)
        self.trees.setdefault(tree, dict(self.content))
        if base_tree is None:
            return Snapshot(tree, tree, (), "")
        found = _changes(self.trees[base_tree], self.content)
        return Snapshot(
            base_tree,
            tree,
            tuple(change for change, _ in found),
            "".join(diff for _, diff in found),
        )

    async def restore(self, tree: str) -> None:
        """See `ports.workspace.Snapshots`."""
        self.content.clear()
        self.content.update(self.trees[tree])

    async def keep(self) -> None:
        """See `ports.workspace.Snapshots`. The past is in one place."""

    async def close(self) -> None:
        """Nothing is to be ended."""

    def _text(self, path: str) -> str:
        if path not in self.content:
            raise FileRefused(f"{path} does not exist", reason="missing")
        return self.content[path]


def _changes(before: Content, after: Content) -> list[tuple[FileChange, str]]:
    paths = sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )
    return [_change(path, before.get(path), after.get(path)) for path in paths]


def _change(path: str, old: str | None, new: str | None) -> tuple[FileChange, str]:
    """Return a change, and its diff as git writes it."""
    head = [f"diff --git a/{path} b/{path}"]
    if old is None:
        head.append("new file mode 100644")
    if new is None:
        head.append("deleted file mode 100644")
    lines = list(
        difflib.unified_diff(
            (old or "").splitlines(),
            (new or "").splitlines(),
            "/dev/null" if old is None else f"a/{path}",
            "/dev/null" if new is None else f"b/{path}",
            lineterm="",
        )
    )
    added = sum(line.startswith("+") for line in lines[2:])
    removed = sum(line.startswith("-") for line in lines[2:])
    status = "added" if old is None else "deleted" if new is None else "modified"
    change = FileChange(path=path, status=status, added=added, removed=removed)
    return change, "\n".join((*head, *lines)) + "\n"


def _id_of(*parts: str) -> str:
    """Return an id of the form that git gives to commits and trees."""
    whole = "\0".join(parts).encode(errors="replace")
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest()
