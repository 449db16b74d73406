"""Recorded files as they leave a deployment: git objects, one by one."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A git object. `content` is None where it is not here or too large; `why` then says so."""

    kind: Literal["tree", "blob"]
    name: str
    content: bytes | None
    why: str = ""


class FileTrees(Protocol):
    """The recorded trees of this machine."""

    def objects(
        self, root: str, trees: Sequence[str], *, largest: int
    ) -> AsyncIterator[StoredObject]:
        """Yield what trees that were recorded of a directory are made of: each object once, after one that
        names it. A tree that is not here comes without content. Objects of more than `largest` bytes, too.
        """
        ...
