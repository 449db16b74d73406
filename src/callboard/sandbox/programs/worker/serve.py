"""A worker's side of the protocol: one JSON object on a line, answered by one line.

Whatever runs here beside the program, the program can change: the other side believes nothing.
"""

import json
import os
from collections.abc import Iterator
from typing import Any, Final, NoReturn, Protocol

from callboard.sandbox.programs.worker import chance, probe
from callboard.sandbox.programs.worker.boundary import Boundary
from callboard.sandbox.programs.worker.confine import CHANNEL
from callboard.sandbox.programs.worker.faults import Fault
from callboard.sandbox.programs.worker.files import evaluated
from callboard.sandbox.programs.worker.javascript import FRESH, JavaScriptSteps
from callboard.sandbox.programs.worker.python import PythonSteps

_CHUNK: Final = 1 << 18
_SPARE: Final = 1 << 20  # freed when memory is out, so that saying so has some

Request = dict[str, Any]
Answer = dict[str, Any]


class Steps(Protocol):
    """A generator of either language."""

    def advance(self, resume: dict[str, Any] | None, now: int) -> str:
        """Return the members `done`, `value` and `logs` of an answer, JSON without the braces.

        Raises:
            Fault: it failed.
        """
        ...


def serve(boundary: Boundary) -> NoReturn:
    """Answer requests until the other side is gone."""
    session = _Session(boundary)
    spare = [bytes(_SPARE)]
    for line in _lines():
        request: Request = json.loads(line)
        try:
            content = session.answer(request)
        except Fault as fault:
            content = _fault(fault.reason, str(fault))
        except MemoryError:
            spare.clear()
            session.drop()
            content = _fault("memory", "it needs more memory than it may have")
        _send(content, request["token"])
    os._exit(0)


class _Session:
    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary
        self._steps: Steps | None = None

    def answer(self, request: Request) -> str:
        """Return the members of the answer, JSON without the braces."""
        match request["op"]:
            case "advance" if self._steps is not None:
                return self._advance(self._steps, request)
            case "start":
                chance.set_seed(request["seed"])
                self._steps = self._started(request)
                return '"ready":true'
            case "evaluate":
                chance.set_seed("")
                found = evaluated(request["files"], request["entry"], self._boundary["memory"])
                return f'"definitions":{found}'
            case "probe":
                return f'"open":{json.dumps(probe.open_doors())}'
            case _:
                raise Fault("there is no such request")

    def drop(self) -> None:
        """Let go of the program."""
        self._steps = None

    def _started(self, request: Request) -> Steps:
        text, context, most = request["text"], request["context"], self._boundary["log_lines"]
        if request["language"] == "python":
            return PythonSteps(text, context, most)
        memory = self._boundary["memory"]
        return JavaScriptSteps(
            text, context, FRESH.prepare(most, seed=request["seed"], memory=memory)
        )

    def _advance(self, steps: Steps, request: Request) -> str:
        content = steps.advance(request["resume"], request["now"])
        if len(content) > self._boundary["frame"]:
            raise Fault(f"one step came to {len(content)} characters, more than fit", "too_large")
        return content


def _fault(reason: str, message: str) -> str:
    return f'"fault":{json.dumps([reason, message])}'


def _send(content: str, token: str) -> None:
    frame = memoryview(f'{{"token":"{token}",{content}}}\n'.encode())
    while frame:
        frame = frame[os.write(CHANNEL, frame) :]


def _lines() -> Iterator[bytes]:
    """The other side sends nothing before it has its answer: a line ends with what was read."""
    pieces: list[bytes] = []
    while piece := os.read(CHANNEL, _CHUNK):
        pieces.append(piece)
        if piece.endswith(b"\n"):
            yield b"".join(pieces)
            pieces.clear()
