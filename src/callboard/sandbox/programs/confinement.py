"""What workers are kept from, as the zygote is told it."""

import base64
from typing import Final

from callboard.domain.errors import SandboxUnavailable
from callboard.ports.programs import ProgramLimits
from callboard.sandbox.commands import landlock, seccomp
from callboard.sandbox.commands.confinement import Mode
from callboard.sandbox.programs import calls
from callboard.sandbox.programs.worker.boundary import Boundary

# The rights that each version of landlock knows; all that are known are refused.
_FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6


def boundary(mode: Mode, limits: ProgramLimits, *, typescript: bool) -> Boundary:
    """Return the boundary of workers on this machine.

    Raises:
        SandboxUnavailable: it offers none, and nobody opted out.
    """
    confined = mode == "required"
    version = landlock.version() if confined else 0
    if confined and not seccomp.supported():
        raise unavailable("there is no system call filter for this platform")
    if confined and not version:
        raise unavailable("this kernel has no landlock")
    return Boundary(
        confined=confined,
        memory=limits.memory,
        frame=limits.frame,
        log_lines=limits.log_lines,
        handled=_handled(version),
        calls=base64.b64encode(calls.allowing() if confined else b"").decode(),
        typescript=typescript,
    )


def unavailable(reason: str) -> SandboxUnavailable:
    """Return the error that says why definitions' code cannot be confined, and how to opt out."""
    return SandboxUnavailable(
        f"Programs of agent definitions cannot be confined on this machine ({reason}). Use Linux 5.13 or "
        "newer with landlock and seccomp; or, if you accept that the code in these definitions can do"
        " everything you can, opt out by setting CALLBOARD_SANDBOX=off."
    )


def _handled(version: int) -> list[int]:
    return [
        _FILE_RIGHTS.get(version, landlock.ALL_FILE_ACCESS),
        landlock.ALL_NETWORK if version >= _NETWORK_SINCE else 0,
        landlock.ALL_SCOPES if version >= _SCOPES_SINCE else 0,
    ]
