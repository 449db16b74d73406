"""Where output goes: results to stdout, everything else to stderr, also when nobody listens any more."""

import errno
import json
import os
import re
import sys
from collections.abc import Callable
from typing import Literal, TextIO, cast

from callboard.cli.plain import plain

_UNSAFE = re.compile(r"[^\x20-\x7e]")


class Outlet:
    """One of the process's text streams.

    A reader that goes away ends neither the work nor the process: what is written after that is dropped.
    `failure` is what else kept something from being written (a full disk).
    """

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self._name = name
        self._is_gone = False
        self.failure: OSError | None = None

    @property
    def _stream(self) -> TextIO | None:
        stream = cast("TextIO | None", getattr(sys, self._name))
        return None if self._is_gone else stream

    @property
    def encoding(self) -> str:
        """The encoding of the stream."""
        stream = self._stream
        return "utf-8" if stream is None else stream.encoding

    def isatty(self) -> bool:
        """Return whether a person reads this at a terminal."""
        stream = self._stream
        return stream is not None and stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor.

        Raises:
            OSError: there is none.
        """
        stream = self._stream
        if stream is None:
            raise OSError(errno.EBADF, "closed")
        return stream.fileno()

    def write(self, text: str) -> int:
        """Write text."""
        self._attempt(lambda stream: stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Hand over what was written."""
        self._attempt(lambda stream: stream.flush())

    def _attempt(self, action: Callable[[TextIO], object]) -> None:
        stream = self._stream
        if stream is None:
            return
        try:
            action(stream)
        except OSError as error:
            self._is_gone = True
            if not isinstance(error, BrokenPipeError):
                self.failure = error
            # What is still buffered goes nowhere, and nothing complains when the interpreter ends.
            void = os.open(os.devnull, os.O_WRONLY)
            os.dup2(void, stream.fileno())
            os.close(void)


OUT = Outlet("stdout")
ERR = Outlet("stderr")


def tolerate_any_text() -> None:
    """Make the streams take any text, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """Write a line for people to stderr."""
    ERR.write(f"{plain(text)}\n")
    ERR.flush()


def give(text: str, *, end: str = "\n") -> None:
    """Write a result to stdout; what could act on a terminal is neutralised where there is one."""
    OUT.write((plain(text) if OUT.isatty() else text) + end)
    OUT.flush()


def give_json(value: object) -> None:
    """Write one JSON value to stdout, on one line."""
    give_json_text(json.dumps(value, ensure_ascii=False))


def give_json_text(text: str) -> None:
    """Write JSON that is text already. It goes out as it is, but to a terminal or a narrow encoding: there
    the same value is written in plain characters.
    """
    as_it_is = OUT.encoding.lower().replace("-", "") == "utf8" and not OUT.isatty()
    OUT.write((text if as_it_is else _UNSAFE.sub(_escaped, text)) + "\n")
    OUT.flush()


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]
