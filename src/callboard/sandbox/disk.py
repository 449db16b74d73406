"""What the file system complains of, as errors of ours."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from callboard.domain.errors import ConfigurationInvalid, StoreUnavailable

NO_ROOM: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ENFILE, errno.EMFILE}
)
"""What may be otherwise later, whatever was to be written."""

_SAFE: Final = "What was recorded is safe: go on with `callboard runs resume` once there is room and it can be written"


@contextmanager
def writing(what: str) -> Generator[None]:
    """Say that something cannot be written, and why. `what` names it and its place: "… cannot be copied".

    Raises:
        ConfigurationInvalid: a directory is not as it has to be.
        StoreUnavailable: the disk is full, or does not work; later it may.
    """
    try:
        yield
    except OSError as error:
        place = f" ({error.filename})" if error.filename is not None else ""
        if error.errno in NO_ROOM:
            raise StoreUnavailable(f"{what}: {error.strerror}{place}. {_SAFE}") from error
        raise ConfigurationInvalid(f"{what}: {error.strerror or error}{place}") from error
