"""Which confinement works on this machine, found by trying it."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from callboard.domain.errors import SandboxUnavailable
from callboard.sandbox.commands import landlock, seccomp
from callboard.sandbox.commands.jail import Jail
from callboard.sandbox.commands.opening import open_jail
from callboard.sandbox.commands.policy import Kind, Policy
from callboard.sandbox.commands.trial import Finding, trial

Mode = Literal["required", "off"]

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
KINDS: tuple[Kind, ...] = ("bubblewrap", "landlock")
"""What is tried, best first."""


class Confinement:
    """Chooses once, then turns policies into jails.

    Args:
        mode: `off` runs commands without confinement; only an explicit wish of the user may set it.
        state: a private directory for the trial.
        kinds: what to try, best first.
        sockets: whether commands get TCP in a network of their jail's own, where the kind has one.
    """

    def __init__(
        self, mode: Mode, state: Path, kinds: Sequence[Kind] = KINDS, *, sockets: bool = False
    ) -> None:
        self._mode = mode
        self._state = state
        self._kinds = kinds
        self._sockets = sockets
        self._chosen: Kind | None = None
        self._choosing = asyncio.Lock()

    @property
    def required(self) -> bool:
        """Whether commands run in confinement or not at all."""
        return self._mode != "off"

    async def own_network(self) -> bool:
        """Whether jails have a network of their own, from which only what is handed out leads anywhere.

        Landlock bounds ports but not addresses: a port that is open for a proxy is open on every machine.

        Raises:
            SandboxUnavailable: see `kind`.
        """
        return await self.kind() == "bubblewrap"

    async def kind(self) -> Kind:
        """Return the confinement in use.

        Raises:
            SandboxUnavailable: none works and nobody opted out.
        """
        if self._mode == "off":
            return "off"
        async with self._choosing:
            if self._chosen is None:
                self._chosen = await self._choose()
        return self._chosen

    async def open(self, policy: Policy) -> Jail:
        """Start a jail under a policy.

        Raises:
            SandboxUnavailable: see `kind`.
        """
        return await open_jail(await self.kind(), policy, _program() or "")

    async def findings(self, kind: Kind) -> tuple[Finding, ...]:
        """Return what a trial of one kind found, one finding for each attempt.

        Raises:
            SandboxUnavailable: it does not start; the message says why.
        """
        missing = _missing(kind)
        if missing:
            raise SandboxUnavailable(missing)
        self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self._state, prefix="canary-") as place:
            return await trial(
                Path(place),
                lambda policy: open_jail(kind, policy, _program() or ""),
                sockets=self._sockets,
            )

    async def _choose(self) -> Kind:
        reasons: list[str] = []
        for kind in self._kinds:
            problem = await self._problem(kind)
            if problem is None:
                return kind
            reasons.append(f"{kind}: {problem}")
        raise SandboxUnavailable(
            "Commands cannot be confined on this machine"
            + (f" ({'; '.join(reasons)})" if reasons else "")
            + ". Install bubblewrap or use Linux 6.12 or newer; or, if you accept that the agent's commands"
            " can do everything you can, opt out by setting CALLBOARD_SANDBOX=off."
        )

    async def _problem(self, kind: Kind) -> str | None:
        """Return what is wrong with a kind, or None."""
        try:
            findings = await self.findings(kind)
        except SandboxUnavailable as unavailable:
            return str(unavailable)
        failed = [
            f"{'could' if finding.possible else 'could not'} {finding.attempt}"
            for finding in findings
            if not finding.held
        ]
        return f"a trial {', '.join(failed)}" if failed else None


def _missing(kind: Kind) -> str | None:
    if not seccomp.supported():
        return "no system call filter for this platform"
    if kind == "landlock" and landlock.version() < landlock.NEEDED_VERSION:
        return f"landlock {landlock.NEEDED_VERSION} is needed, found {landlock.version()}"
    if kind == "bubblewrap" and _program() is None:
        return "bwrap is not installed"
    return None


def _program() -> str | None:
    return shutil.which("bwrap", path=_SYSTEM_PATH)
