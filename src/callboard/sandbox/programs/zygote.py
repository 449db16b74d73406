"""The zygote as seen from outside: started when the first worker is needed, and again if it has died."""

import json
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from callboard.domain.errors import SandboxUnavailable
from callboard.sandbox.programs.confinement import unavailable
from callboard.sandbox.programs.leash import Leash
from callboard.sandbox.programs.worker.boundary import Boundary

_START: Final = (
    "import sys; sys.path.extend(sys.argv[2:]); "
    "from callboard.sandbox.programs.worker.zygote import main; main(int(sys.argv[1]))"
)
# Hashes of texts do not differ between processes, so that a set has one order when a program is driven
# again; clocks have one zone. Nothing else is in the environment. `-I` would ignore it, so: the parts of
# `-I` one by one.
_ENVIRONMENT: Final = {"PYTHONHASHSEED": "0", "TZ": "UTC"}
_FLAGS: Final = ("-s", "-P", "-B", "-S")
_LIBRARIES: Final = ("_quickjs", "tree_sitter", "tree_sitter_typescript")
_START_S: Final = 20.0
_FORK_S: Final = 10.0
_END_S: Final = 5.0
_LONGEST: Final = 1 << 16
_CLOSE_ON_EXEC: Final = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class Zygote:
    """Gives out workers. All methods block for some milliseconds and may be called from any thread."""

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closed = False

    def worker(self) -> Leash:
        """Return a new worker, which waits for its first request.

        Raises:
            SandboxUnavailable: none can be confined here, or none can be started.
        """
        with self._lock:
            if self._closed:
                raise SandboxUnavailable("no program can be started any more: this is being closed")
            try:
                return self._worker()
            except OSError:  # the zygote has died since it was last needed
                self._drop()
            try:
                return self._worker()
            except OSError as problem:
                self._drop()
                raise unavailable(f"no worker could be started: {problem}") from None

    def close(self) -> None:
        """End the zygote and with it all workers. Idempotent."""
        with self._lock:
            self._closed = True
            self._drop()

    @property
    def pid(self) -> int | None:
        """The zygote's process id while there is one."""
        return self._process.pid if self._process else None

    def _worker(self) -> Leash:
        if self._control is None:
            self._start()
        return self._fork()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._control = ours
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, *_FLAGS, "-c", _START, str(theirs.fileno()), *_places()],
                env=_ENVIRONMENT,
                cwd="/",
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.settimeout(_START_S)
        try:
            ours.sendall(json.dumps(self._boundary).encode() + b"\n")
            said = json.loads(_line(ours))
        except (OSError, ValueError) as problem:
            said = {"problem": str(problem)}
        if "problem" in said:
            self._drop()
            raise unavailable(f"the worker process does not start: {said['problem']}")
        ours.settimeout(_FORK_S)
        if self._boundary["confined"]:
            self._probe()

    def _probe(self) -> None:
        """Let a worker try what none may be able to do."""
        try:
            leash = self._fork()
            try:
                leash.channel.settimeout(_FORK_S)
                leash.channel.sendall(b'{"token":"","op":"probe"}\n')
                said = json.loads(_line(leash.channel))
            finally:
                leash.release()
        except (OSError, ValueError) as problem:
            said = {"problem": str(problem)}
        if said.get("open") != []:
            self._drop()
            reason = said.get("problem") or f"still possible: {', '.join(said.get('open', ()))}"
            raise unavailable(f"a trial failed, {reason}")

    def _fork(self) -> Leash:
        assert self._control is not None  # noqa: S101 - it was started just before
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b"w"], [theirs.fileno()])
            message, descriptors, _, _ = socket.recv_fds(self._control, 4, 1, _CLOSE_ON_EXEC)
            if not message:
                raise ConnectionResetError("the worker process has ended")  # noqa: TRY301 - below
        except BaseException:
            ours.close()
            raise
        return Leash(ours, int.from_bytes(message, "little"), descriptors[0] if descriptors else -1)

    def _drop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)
            self._process.kill()
            self._process.wait()
            self._process = None


def _line(channel: socket.socket) -> bytes:
    content = b""
    while not content.endswith(b"\n"):
        piece = channel.recv(_LONGEST)
        if not piece:
            raise ConnectionResetError("it ended")
        content += piece
    return content


def _places() -> list[str]:
    """Return the directories that the zygote loads from, beside the standard library's."""
    own = Path(__file__).parents[3]
    specs = [find_spec(name) for name in _LIBRARIES]
    origins = [Path(spec.origin) for spec in specs if spec and spec.origin]
    found = [path.parents[1] if path.stem == "__init__" else path.parent for path in origins]
    return [str(path) for path in dict.fromkeys([own, *found])]
