"""What git ignores, read fresh: a `.gitignore` that changed counts from the next call on."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from callboard.sandbox.files.beneath import Beneath

_LARGEST_RULE_FILE = 1_000_000
_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one rule file and how many components deep its directory is."""

    spec: GitIgnoreSpec
    depth: int


@dataclass(frozen=True, slots=True)
class Scope:
    """One directory and the rules that apply in it, the strongest first."""

    parts: tuple[str, ...]
    rules: tuple[_Rules, ...]
    fold: bool

    def ignores(self, name: str, *, directory: bool) -> bool:
        """Whether git ignores this entry of the directory."""
        path = (*self.parts, name)
        for rules in self.rules:
            text = "/".join(path[rules.depth :]) + ("/" if directory else "")
            verdict = rules.spec.check_file(text.lower() if self.fold else text).include
            if verdict is not None:
                return verdict
        return False


class Ignores:
    """The ignore rules beneath one root. `fold`: the file system does not tell letter cases apart."""

    def __init__(self, beneath: Beneath, *, fold: bool = False) -> None:
        self._beneath = beneath
        self._fold = fold
        self._seen: dict[tuple[str, ...], tuple[_Stamp, GitIgnoreSpec]] = {}

    def top(self) -> Scope:
        """Return the root's scope."""
        exclude = self._spec((".git", "info", "exclude"))
        weakest = (_Rules(exclude, 0),) if exclude else ()
        return self._with_rules((), weakest)

    def enter(self, scope: Scope, name: str) -> Scope:
        """Return the scope of a directory inside `scope`."""
        return self._with_rules((*scope.parts, name), scope.rules)

    def ignored(self, parts: tuple[str, ...], *, directory: bool = False) -> bool:
        """Whether git ignores this path, or any directory above it."""
        scope = self.top()
        for depth, name in enumerate(parts):
            last = depth == len(parts) - 1
            if scope.ignores(name, directory=directory or not last):
                return True
            if not last:
                scope = self.enter(scope, name)
        return False

    def _with_rules(self, parts: tuple[str, ...], above: tuple[_Rules, ...]) -> Scope:
        spec = self._spec((*parts, ".gitignore"))
        rules = (_Rules(spec, len(parts)), *above) if spec else above
        return Scope(parts, rules, self._fold)

    def _spec(self, parts: tuple[str, ...]) -> GitIgnoreSpec | None:
        try:
            opened = self._beneath.open(parts, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            self._seen.pop(parts, None)
            return None
        try:
            return self._current(parts, opened.fd)
        finally:
            os.close(opened.fd)

    def _current(self, parts: tuple[str, ...], fd: int) -> GitIgnoreSpec | None:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return None
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        known = self._seen.get(parts)
        if known and known[0] == stamp:
            return known[1]
        text = os.read(fd, _LARGEST_RULE_FILE).decode(errors="replace")
        spec = _compiled((text.lower() if self._fold else text).splitlines())
        self._seen[parts] = (stamp, spec)
        return spec


def _compiled(lines: Iterable[str]) -> GitIgnoreSpec:
    """Compile all lines that are patterns; git passes over the others silently, and so do we."""
    good: list[str] = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        good.append(line)
    return GitIgnoreSpec.from_lines(good)


def folds_case(root: str) -> bool:
    """Whether the file system that holds `root` takes `A` and `a` for the same name."""
    place = Path(root)
    swapped = place.with_name(place.name.swapcase()) if place.name else place
    try:
        return swapped != place and swapped.samefile(place)
    except OSError:
        return False
