"""What a process does to the world outside, as Python itself reports it: files, programs, connections."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

STARTS = {
    "subprocess.Popen",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.fork",
    "os.forkpty",
}
CONNECTS = {
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.getaddrinfo",
    "urllib.Request",
}


@dataclass
class Effects:
    """Everything that happened, in order. `paths` are those that were opened or looked into."""

    happened: list[tuple[str, str]] = field(default_factory=list)

    @property
    def paths(self):
        return [about for event, about in self.happened if event not in STARTS | CONNECTS]

    @property
    def started(self):
        return [about for event, about in self.happened if event in STARTS]

    @property
    def connected(self):
        return [about for event, about in self.happened if event in CONNECTS]


_watching: list[Effects] = []
_hooked: list[bool] = []
_FILES = {
    "open",
    "os.listdir",
    "os.scandir",
    "os.link",
    "os.rename",
    "os.symlink",
    "os.remove",
    "os.mkdir",
    "shutil.copyfile",
}


def _hear(event, arguments):
    if _watching and event in STARTS | CONNECTS | _FILES:
        about = " ".join(
            os.fsdecode(one) if isinstance(one, bytes) else str(one) for one in arguments
        )
        for each in _watching:
            each.happened.append((event, about))


@contextmanager
def watched() -> Generator[Effects]:
    """Give what this process does while the block lasts. A hook of the interpreter cannot be taken away; it rests."""
    if not _hooked:
        sys.addaudithook(_hear)
        _hooked.append(True)
    seen = Effects()
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)
