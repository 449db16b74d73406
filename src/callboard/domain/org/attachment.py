"""Files that people give with a task."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.frozen import Frozen
from callboard.domain.org.space import SpaceId
from callboard.domain.org.task import TaskKey
from callboard.domain.record import Kind


class Attachment(Frozen):
    """A file of a task. `data` is its content in base64, `size` the number of its bytes, `sha256` their digest.
    `media_type` is what the content shows that it is, whatever its name says.
    """

    task: TaskKey
    number: Annotated[int, Field(ge=1)]
    space: SpaceId
    name: Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f\x7f]{1,200}$")]
    media_type: str
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    data: str
    actor: Actor
    at: datetime

    @property
    def is_text(self) -> bool:
        """Whether it is read as text; otherwise it is an image or a document."""
        return self.media_type == "text/plain"


ATTACHMENTS: Final = Kind(
    "attachment",
    Attachment,
    key=lambda one: f"{one.task}/{one.number:04d}",
    space=lambda one: one.space,
    hidden=frozenset({"data"}),
)
