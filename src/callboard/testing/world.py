"""A small world outside the log: files, tools that act on it, and a ledger of every effect.

It survives a simulated crash, as the real world does, so a test can compare what was done with what was
recorded. Effects are counted; the `crash_at`-th dies before or after it does its work.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from callboard.domain.events.files import FileChange
from callboard.domain.message import JsonObject
from callboard.domain.tool import Access, RetrySafety, ToolFacts, ToolSpec, json_outputs
from callboard.ports.event_store import Claim
from callboard.ports.examination import Finding
from callboard.ports.model import ModelAnswer, ModelProvider, ModelRequest, OnDelta
from callboard.ports.tools import ArgumentsInvalid, Tool, ToolContext, ToolOutcome
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
from callboard.testing.store.crashing import Crash


@dataclass(slots=True)
class World:
    """Everything outside: `files` by path, `trees` recorded so far, `ledger` of effects done, in order."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    trees: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    commits: dict[str, str] = field(default_factory=dict[str, str])
    ledger: list[str] = field(default_factory=list[str])
    effects: int = 0
    crash_at: int | None = None
    crash_when: Literal["before", "after"] = "before"
    dead: bool = False

    def act(self, entry: str) -> "_Effect":
        """Return a context for one effect: it counts, and may be where the process dies."""
        return _Effect(self, entry)

    def kill(self) -> None:
        """Let no effect happen any more: the process that would cause it is gone."""
        self.dead = True

    def revive(self) -> None:
        """Let a new process begin; it will not crash."""
        self.dead = False
        self.crash_at = None


@dataclass(slots=True)
class _Effect:
    world: World
    entry: str

    def __enter__(self) -> None:
        world = self.world
        if world.dead:
            raise Crash
        world.effects += 1
        if world.effects == world.crash_at and world.crash_when == "before":
            world.dead = True
            raise Crash

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        world = self.world
        if kind is None:  # what failed was tried, and did nothing
            world.ledger.append(self.entry)
        if world.effects == world.crash_at and world.crash_when == "after":
            world.dead = True
            raise Crash


class LedgerProvider:
    """A model provider that counts each answered call as an effect of the world."""

    def __init__(self, world: World, inner: ModelProvider) -> None:
        self._world = world
        self._inner = inner

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """Answer as `inner` does; the call is in the ledger as `model <run> <messages>`."""
        with self._world.act(f"model {request.conversation} {len(request.messages)}"):
            return await self._inner.complete(request, on_delta)


@dataclass(frozen=True, slots=True)
class LedgerTool:
    """A tool that does one thing to the world: sets the file `path` to `text`, if it writes at all."""

    world: World
    name: str
    access: Access
    retry_safety: RetrySafety

    @property
    def spec(self) -> ToolSpec:
        """What the model is told."""
        schema: JsonObject = {
            "type": "object",
            "properties": {"path": {"type": "string"}, "text": {"type": "string"}},
            "required": ["path"],
        }
        return ToolSpec(name=self.name, description=f"{self.name} a file", input_schema=schema)

    @property
    def facts(self) -> ToolFacts:
        """What the engine needs to know."""
        return ToolFacts(
            access=self.access,
            retry_safety=self.retry_safety,
            source="web" if self.name == "fetch" else None,
            reach="outside" if self.name in ("fetch", "pay") else None,
        )

    def normalise(self, arguments: JsonObject) -> JsonObject:
        """Check that there is a path, for tools that act; anything goes for the others."""
        if self.access in ("read", "write") and not isinstance(arguments.get("path"), str):
            raise ArgumentsInvalid("path: expected a string")
        return arguments

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """Act on the world, and put it in the ledger as `<tool> <run> <call>`."""
        path, text = str(arguments["path"]), str(arguments.get("text", ""))
        with self.world.act(f"{self.name} {context.run_id} {context.call_id}"):
            if self.access == "write":
                before = self.world.files.get(path, "")
                unsafe = self.retry_safety == "unsafe"
                self.world.files[path] = before + text if unsafe else text
            return ToolOutcome(json_outputs({path: self.world.files.get(path)}))


@dataclass(frozen=True, slots=True)
class LedgerTools:
    """A catalogue of `look` (pure), `fetch` (from the web), `put` (idempotent), `pay` (unsafe, outside) and the
    control tools.
    """

    world: World

    def get(self, name: str) -> Tool | None:
        """Return a tool by name."""
        kind = _KINDS.get(name)
        return LedgerTool(self.world, name, *kind) if kind is not None else None

    def names(self) -> tuple[str, ...]:
        """Return all names."""
        return tuple(sorted(_KINDS))


_KINDS: dict[str, tuple[Access, RetrySafety]] = {
    "look": ("read", "pure"),
    "fetch": ("read", "pure"),
    "put": ("write", "idempotent"),
    "pay": ("write", "unsafe"),
    "end_turn": ("control", "pure"),
    "set_output": ("control", "pure"),
    "add_message": ("control", "pure"),
    "set_messages": ("control", "pure"),
    "think_deeply": ("control", "pure"),
    "add_subgoal": ("control", "pure"),
    "update_subgoal": ("control", "pure"),
    "ask_user": ("control", "pure"),
    "task_completed": ("control", "pure"),
    "write_todos": ("control", "pure"),
    "spawn_agents": ("spawn", "idempotent"),
    "spawn_agent_inline": ("spawn", "idempotent"),
}


@dataclass(frozen=True, slots=True)
class WorldWorkspace:
    """The world as a workspace: its files, commands that succeed when a file says so, and snapshots.

    The command `grep TEXT PATH` exits 0 when the file holds the text; every other command exits 127.
    """

    world: World
    root: str

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
        """Return a file."""
        if path not in self.world.files:
            raise FileRefused(f"{path} does not exist", reason="missing")
        return self.world.files[path].encode()[:max_bytes]

    def write(self, path: str, content: bytes) -> bool:
        """Write a file."""
        new = path not in self.world.files
        self.world.files[path] = content.decode()
        return new

    def remove(self, path: str) -> None:
        """Delete a file."""
        if path not in self.world.files:
            raise FileRefused(f"{path} does not exist", reason="missing")
        del self.world.files[path]

    def modified(self, path: str) -> float:
        """Nothing is newer than anything else."""
        if path not in self.world.files:
            raise FileRefused(f"{path} does not exist", reason="missing")
        return 0.0

    def visible(self, path: str) -> bool:
        """Everything is."""
        return path in self.world.files

    def list(self, path: str) -> DirectoryListing:
        """List the files; there are no directories."""
        del path
        return DirectoryListing(tuple(sorted(self.world.files)), ())

    def walk(self, *, limit: int) -> tuple[str, ...]:
        """Return all paths."""
        return tuple(sorted(self.world.files))[:limit]

    async def run(self, request: CommandRequest) -> CommandResult:
        """Run `grep TEXT PATH`."""
        with self.world.act(f"command {request.command}"):
            words = request.command.split()
            if len(words) != 3 or words[0] != "grep":
                return CommandResult(127, "", "command not found")
            found = words[1] in self.world.files.get(words[2], "")
            return CommandResult(0 if found else 1, "", "" if found else f"no {words[1]}")

    async def start(self, request: CommandRequest) -> str:
        """Pretend to start."""
        return f"background {request.command}"

    async def search(
        self, arguments: Sequence[str], *, cwd: str, timeout_s: float
    ) -> CommandResult:
        """Find nothing."""
        del arguments, cwd, timeout_s
        return CommandResult(1, "", "")

    async def record(self, base_tree: str | None) -> Snapshot:
        """Record the files as a tree."""
        with self.world.act("record"):
            content = json.dumps(self.world.files, sort_keys=True)
            tree = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
            self.world.trees[tree] = dict(self.world.files)
            before = self.world.trees.get(base_tree or tree, {})
            changed = sorted(
                path
                for path in before.keys() | self.world.files.keys()
                if before.get(path) != self.world.files.get(path)
            )
            changes = tuple(
                FileChange(path=path, status="modified", added=1, removed=0) for path in changed
            )
            diff = "\n".join(f"+{self.world.files.get(path, '')}" for path in changed)
            return Snapshot(base_tree or tree, tree, changes, diff)

    async def restore(self, tree: str) -> None:
        """Bring the files back."""
        self.world.files.clear()
        self.world.files.update(self.world.trees[tree])

    async def keep(self) -> None:
        """There is one world only."""

    async def close(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True, slots=True)
class WorldWorkspaces:
    """Every directory is the world; commits go to `world.commits` by branch."""

    world: World

    async def examine(self) -> Sequence[Finding]:
        """See the port. There is nothing to try."""
        return ()

    async def open(self, root: str) -> Workspace:
        """Open the world."""
        return WorldWorkspace(self.world, root)

    async def reach(self, root: str) -> None:
        """There is one world only."""

    async def is_copy(self, root: str) -> bool:
        """Copies lie where the rig has them made."""
        return root.startswith("/copies/")

    async def take(self, root: str, claim: Claim) -> None:
        """There is one world only."""

    async def clone(self, repository: str, commit: str, destination: str) -> None:
        """There is one world only."""

    async def branch(self, root: str, tree: str, destination: str) -> None:
        """Bring the files of the tree back: there is one world only."""
        del root, destination
        self.world.files.clear()
        self.world.files.update(self.world.trees[tree])

    async def head(self, repository: str) -> str:
        """Return the commit before everything."""
        del repository
        return "0" * 40

    async def publish(self, change: Publication) -> str:
        """Set the branch to a commit of the tree: the same change gives the same commit."""
        with self.world.act(f"publish {change.branch}"):
            bound = json.dumps([change.base_commit, change.tree, change.message, change.author])
            commit = hashlib.sha1(bound.encode(), usedforsecurity=False).hexdigest()
            self.world.commits[change.branch] = commit
            return commit
