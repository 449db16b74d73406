"""What all events share."""

from typing import ClassVar

from pydantic import Field

from callboard.domain.frozen import Frozen


class BlobRef(Frozen):
    """Content kept outside the log, addressed by its SHA-256; `size` in bytes."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int


class Event(Frozen):
    """A stored fact. Subclasses fix `type` (noun.past_participle) and declare the payload.

    `v` is the schema version that an event was written in, `version` the one that this release writes and
    the latest that it reads. A kind whose payload may be large has a field `blob`: above 16 KiB the
    stored form keeps a reference there instead (see `codec`).
    """

    version: ClassVar[int] = 1

    v: int = 1
