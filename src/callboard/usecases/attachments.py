"""Files given with a task: its agents read them before they begin."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Final

from callboard.domain.errors import ConfigurationInvalid, RecordConflict, UnknownThing
from callboard.domain.message import MediaPart
from callboard.domain.org.attachment import ATTACHMENTS, Attachment
from callboard.domain.org.principal import Principal
from callboard.domain.org.task import TaskRecord
from callboard.domain.record import Kept
from callboard.domain.workflow import ContextItem
from callboard.engine.attachments import media_type_of
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.checked import checked
from callboard.usecases.recording import write
from callboard.usecases.tasks import require_task

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one file."""
MOST_IN_ALL: Final = 8 * 1024 * 1024
"""Of all files of a task: every run of an agent gets all of them."""
_MOST_FILES: Final = 20
_MOST_TEXT: Final = 100_000
_RETRIES: Final = 20


async def attach(app: App, who: Principal, key: str, name: str, content: bytes) -> Attachment:
    """Give a file with a task. What is under way keeps what it began with.

    Raises:
        UnknownThing: no such task, or none that they see.
        ConfigurationInvalid: it is too large, empty, or neither text, nor an image, nor a PDF document.
    """
    kept = await require_task(app, who, "task.manage", key)
    media_type = _checked_type(name, content)
    for _ in range(_RETRIES):
        earlier = await _of(app, key)
        _check_room(key, earlier, content)
        attachment = checked(
            Attachment,
            task=key,
            number=max((one.value.number for one in earlier), default=0) + 1,
            space=kept.value.space,
            name=name,
            media_type=media_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            data=base64.b64encode(content).decode(),
            actor=who.actor,
            at=app.ports.clock.now(),
        )
        try:
            await write(app, who, "task.manage", ATTACHMENTS.put(attachment))
        except RecordConflict:
            continue
        return attachment
    raise RecordConflict(f"too many people attach files to {key} at this moment; try again")


async def list_attachments(app: App, who: Principal, key: str) -> list[Attachment]:
    """Return the files of a task, the oldest first.

    Raises:
        UnknownThing: no such task, or none that they see.
    """
    await require_task(app, who, "task.read", key)
    return [kept.value for kept in await _of(app, key)]


async def find_attachment(app: App, who: Principal, key: str, number: int) -> Attachment:
    """Return a file of a task.

    Raises:
        UnknownThing: no such task or file, or none that they see.
    """
    await require_task(app, who, "task.read", key)
    return (await _one(app, key, number)).value


async def detach(app: App, who: Principal, key: str, number: int) -> None:
    """Take a file away from a task. Runs that began with it keep it.

    Raises:
        UnknownThing: no such task or file, or none that they see.
    """
    await require_task(app, who, "task.manage", key)
    await write(app, who, "task.manage", ATTACHMENTS.remove(await _one(app, key, number)))


async def given_files(
    app: App, task: TaskRecord
) -> tuple[tuple[ContextItem, ...], tuple[MediaPart, ...]]:
    """Return a task's files as its agents get them: texts to be read, and images and documents to be looked at."""
    files = [kept.value for kept in await _of(app, task.key)]
    texts = tuple(
        ContextItem(kind="text", title=f"Attached file {one.name}", value=_text(one))
        for one in files
        if one.is_text
    )
    looked_at = tuple(
        MediaPart(media_type=one.media_type, data=one.data) for one in files if not one.is_text
    )
    return texts, looked_at


def _text(attachment: Attachment) -> str:
    text = base64.b64decode(attachment.data).decode(errors="replace")
    if len(text) <= _MOST_TEXT:
        return text
    note = f"\n[The file goes on for {len(text) - _MOST_TEXT + 100} characters more.]"
    return text[: _MOST_TEXT - 100] + note


def _checked_type(name: str, content: bytes) -> str:
    shown = name[:80]
    if not content:
        raise ConfigurationInvalid(f"{shown!r} is empty")
    if len(content) > MOST_BYTES:
        raise ConfigurationInvalid(f"{shown!r} is larger than {MOST_BYTES >> 20} MB")
    media_type = media_type_of(content)
    if media_type is None:
        raise ConfigurationInvalid(
            f"{shown!r} is neither text in UTF-8, nor an image (PNG, JPEG, GIF, WebP), nor a PDF document; put"
            " other files into the repository"
        )
    return media_type


def _check_room(key: str, earlier: Sequence[Kept[Attachment]], content: bytes) -> None:
    if len(earlier) >= _MOST_FILES:
        raise ConfigurationInvalid(f"{key} has {_MOST_FILES} files already; take one away first")
    if sum(one.value.size for one in earlier) + len(content) > MOST_IN_ALL:
        raise ConfigurationInvalid(
            f"the files of {key} would be larger than {MOST_IN_ALL >> 20} MB together; take one away first"
        )


async def _of(app: App, key: str) -> list[Kept[Attachment]]:
    return await app.records.find(ATTACHMENTS, Wanted(prefix=f"{key}/"))


async def _one(app: App, key: str, number: int) -> Kept[Attachment]:
    kept = await app.records.get(ATTACHMENTS, f"{key}/{number:04d}")
    if kept is None:
        raise UnknownThing(f"{key} has no file {number} (see `callboard tasks files {key}`)")
    return kept
