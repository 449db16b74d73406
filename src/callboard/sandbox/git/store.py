"""The private repository beside a workspace: where its trees are kept, out of any command's reach."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from callboard.sandbox.git.process import Git

_ATTRIBUTES = "* -text -eol -filter !diff -ident -working-tree-encoding -export-subst\n"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a workspace was cloned from. `objects` are directories it shares objects with."""

    repository: str
    commit: str
    tree: str
    objects: tuple[str, ...]


class Store:
    """One workspace's private repository."""

    def __init__(self, state: Path, root: str) -> None:
        name = hashlib.sha256(root.encode(errors="surrogateescape")).hexdigest()[:32]
        self._place = state / "trees" / f"{name}.git"

    @property
    def git(self) -> Git:
        """Git in this repository."""
        return Git(str(self._place))

    @property
    def objects(self) -> Path:
        """Its objects directory."""
        return self._place / "objects"

    @property
    def stamps(self) -> Path:
        """Where the ids of unchanged files are remembered between processes."""
        return self._place / "callboard-stamps.json"

    async def create(self, algorithm: str = "sha1", shared: Sequence[str] = ()) -> None:
        """Create the repository unless it is there."""
        if (self._place / "HEAD").exists():
            return
        self._place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._place.with_name(f"{secrets.token_hex(8)}.part")
        options = ("--quiet", "--bare", "--template=", f"--object-format={algorithm}")
        await Git(str(partial)).run("init", *options)
        (partial / "info").mkdir(exist_ok=True)
        (partial / "info" / "attributes").write_text(_ATTRIBUTES)
        if shared:
            write_alternates(partial / "objects", shared)
        try:
            partial.rename(self._place)
        except OSError:  # somebody else was quicker
            shutil.rmtree(partial)
            if not (self._place / "HEAD").exists():
                raise

    def algorithm(self) -> str:
        """Return the object format."""
        config = (self._place / "config").read_text()
        return "sha256" if "objectformat = sha256" in config else "sha1"

    def origin(self) -> Origin | None:
        """Return what the workspace was cloned from, if it was."""
        try:
            facts = json.loads((self._place / "callboard-origin.json").read_text())
        except FileNotFoundError:
            return None
        return Origin(facts["repository"], facts["commit"], facts["tree"], tuple(facts["objects"]))

    def set_origin(self, origin: Origin) -> None:
        """Remember what the workspace is a clone of."""
        facts = {
            "repository": origin.repository,
            "commit": origin.commit,
            "tree": origin.tree,
            "objects": origin.objects,
        }
        place = self._place / "callboard-origin.json"
        partial = place.with_suffix(".part")
        partial.write_text(json.dumps(facts))
        partial.rename(place)


def write_alternates(objects: Path, shared: Sequence[str]) -> None:
    """Let a repository read objects of others."""
    (objects / "info").mkdir(exist_ok=True)
    (objects / "info" / "alternates").write_text("".join(f"{place}\n" for place in shared))
