"""Writing an export into a file, whole or not at all."""

import contextlib
import os
import secrets
import sys
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.proof.note import LONGEST_NOTE
from callboard.usecases.app import App
from callboard.usecases.export_run import ExportRun, export_run

SUFFIX = ".callboard"


def destination(output: Path | None, run_id: str, *, as_json: bool) -> Path | None:
    """Return the file to write; None is stdout.

    Raises:
        ConfigurationInvalid: it is there already, or stdout is wanted for two things.
    """
    if output == Path("-"):
        if as_json:
            raise ConfigurationInvalid("--output - and --json both want stdout; name a file")
        return None
    place = output or Path(f"{run_id}{SUFFIX}")
    if os.path.lexists(place):
        raise ConfigurationInvalid(f"{place} is there already; name another file with --output")
    return place


def text_of(place: Path, option: str) -> str:
    """Return the content of a small file.

    Raises:
        ConfigurationInvalid: it cannot be read, or is not small.
    """
    try:
        with place.open("rb") as file:
            content = file.read(LONGEST_NOTE + 1)
    except OSError as error:
        raise ConfigurationInvalid(f"{option} {place}: {error.strerror}") from None
    if len(content) > LONGEST_NOTE:
        raise ConfigurationInvalid(f"{option} {place}: this is no checkpoint, it is too long")
    return content.decode(errors="replace")


async def write_export(
    app: App, who: Principal, wish: ExportRun, place: Path | None
) -> dict[str, int]:
    """Write an export; return how many lines and bytes it has. A file appears when all of it is there.

    Raises:
        ConfigurationInvalid: the file cannot be written.
    """
    if place is None:
        return await _write(app, who, wish, sys.stdout.fileno())
    new = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(new, flags, 0o600)
        try:
            written = await _write(app, who, wish, descriptor)
            os.fsync(descriptor)
            os.link(new, place)
        finally:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                new.unlink()
    except OSError as error:
        raise ConfigurationInvalid(f"{place} cannot be written: {error.strerror}") from None
    return written


async def _write(app: App, who: Principal, wish: ExportRun, descriptor: int) -> dict[str, int]:
    lines = size = 0
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        async for line in export_run(app, who, wish):
            file.write(line)
            lines, size = lines + 1, size + len(line)
    return {"lines": lines, "bytes": size}
