"""What this machine is called, among those that work on the same runs."""

import secrets
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.private_files import read_file, write_private

_FILE: Final = "place"
_MOST: Final = 64


def name_of_place(state: Path) -> str:
    """Return the name that was once given to a directory of state by chance. Blocks. Two machines have different names even
    where their directories have the same path; a directory that is gone takes its name with it.

    Raises:
        ConfigurationInvalid: the directory cannot be used.
    """
    path = state / _FILE
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = read_file(path, most=_MOST)
        if not name:
            write_private(path, secrets.token_hex(16).encode(), replace=name is not None)
            name = read_file(path, most=_MOST)
    except OSError as error:
        raise ConfigurationInvalid(f"{path} cannot be used: {error.strerror}.") from None
    return (name or b"").decode(errors="replace")
