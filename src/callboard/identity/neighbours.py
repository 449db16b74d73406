"""Who is at the other end of a connection within this machine."""

import os
import socket
import sys
from pathlib import Path
from typing import Final

_TABLES: Final = {socket.AF_INET: Path("/proc/net/tcp"), socket.AF_INET6: Path("/proc/net/tcp6")}
_WORD: Final = 4
_LOCAL, _OWNER, _INODE = 1, 7, 9


def is_same_user(address: str, port: int) -> bool:
    """Return whether a connection that comes from an address and port of this machine is one that this process's user
    made, and still holds. A system that does not tell whose connections are whose (it is not Linux) vouches for all.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        lines = _TABLES[family].read_text().splitlines()[1:]
        wanted = f"{_as_listed(family, address)}:{port:04X}"
    except FileNotFoundError:
        return True
    except OSError:
        return False
    found = [fields for fields in map(str.split, lines) if fields[_LOCAL] == wanted]
    # one that nobody holds any more is listed as root's, without an inode
    return any(int(one[_OWNER]) == os.getuid() and one[_INODE] != "0" for one in found)


def _as_listed(family: socket.AddressFamily, address: str) -> str:
    packed = socket.inet_pton(family, address)
    words = [packed[at : at + _WORD] for at in range(0, len(packed), _WORD)]
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
