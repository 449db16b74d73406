"""References to agents: `[publisher/]id[@version]`, and which of them an agent may spawn."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentReference:
    """A parsed reference. `publisher` and `version` are None where they were left out."""

    id: str
    publisher: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        prefix = f"{self.publisher}/" if self.publisher else ""
        suffix = f"@{self.version}" if self.version else ""
        return f"{prefix}{self.id}{suffix}"


def parse_reference(text: str) -> AgentReference | None:
    """Return the parts of a reference, or None where it is not one.

    The version starts at the last `@`; underscores in the id mean hyphens.
    """
    publisher, slash, rest = text.rpartition("/")
    if "/" in publisher or (slash and not publisher) or not rest:
        return None
    name, at, version = rest.rpartition("@")
    if not at or not version:
        name, version = rest, ""
    if not name:
        return None
    return AgentReference(name.replace("_", "-"), publisher or None, version or None)


def matching_spawnable(spawnable: Iterable[str], wanted: str) -> str | None:
    """Return the first entry of `spawnable` that permits `wanted`, spelt as the list has it, or None.

    A wanted publisher or version must be met; a fully qualified wish needs a fully qualified entry.
    """
    child = parse_reference(wanted)
    if child is None:
        return None
    for entry in spawnable:
        own = parse_reference(entry)
        if own is not None and own.id == child.id and _permits(own, child):
            return entry
    return None


def _permits(own: AgentReference, child: AgentReference) -> bool:
    if child.publisher and child.version:
        return own == child
    if child.publisher:
        return own.publisher == child.publisher
    if child.version:
        return own.version == child.version
    return True
