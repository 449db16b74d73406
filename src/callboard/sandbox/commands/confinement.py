"""Which confinement works on this machine, found by trying it."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from callboard.domain.errors import SandboxUnavailable
from callboard.sandbox.commands import bubblewrap, landlock, seccomp
from callboard.sandbox.commands.launched import Launched, launch
from callboard.sandbox.commands.launcher.task import Task
from callboard.sandbox.commands.policy import Kind, Policy

Mode = Literal["required", "off"]

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_CANARY = """
[ -z "$CALLBOARD_CANARY" ] || exit 3
echo inside > "$TMPDIR/inside" || exit 4
(echo broken > "$1/outside") 2>/dev/null  # may succeed, if it goes nowhere
if (read -r secret < "$1/secret") 2>/dev/null; then exit 5; fi
exit 0
"""
_CANARY_TIMEOUT_S = 20.0


class Confinement:
    """Chooses once, then turns policies into tasks.

    Args:
        mode: `off` runs commands without confinement; only an explicit wish of the user may set it.
        state: a private directory for the trial.
        kinds: what to try, best first.
    """

    def __init__(
        self, mode: Mode, state: Path, kinds: Sequence[Kind] = ("bubblewrap", "landlock")
    ) -> None:
        self._mode = mode
        self._state = state
        self._kinds = kinds
        self._chosen: Kind | None = None
        self._choosing = asyncio.Lock()

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

    async def launch(
        self, policy: Policy, argv: Sequence[str], cwd: str, *, log: int | None = None
    ) -> Launched:
        """Start a command under a policy.

        Raises:
            SandboxUnavailable: see `kind`.
        """
        return await launch(task(await self.kind(), policy, argv, cwd), log=log)

    async def _choose(self) -> Kind:
        reasons: list[str] = []
        for kind in self._kinds:
            problem = _missing(kind) or await self._try(kind)
            if problem is None:
                return kind
            reasons.append(f"{kind}: {problem}")
        raise SandboxUnavailable(
            "Commands cannot be confined on this machine"
            + (f" ({'; '.join(reasons)})" if reasons else "")
            + ". Install bubblewrap or use Linux 6.12 or newer; or, if you accept that the agent's commands"
            " can do everything you can, opt out by setting CALLBOARD_SANDBOX=off."
        )

    async def _try(self, kind: Kind) -> str | None:
        """Run the canary; return what went wrong, or None."""
        self._state.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._state, prefix="canary-") as place:
            policy = _canary_policy(Path(place))
            argv = ["/bin/sh", "-c", _CANARY, "canary", place]
            launched = await launch(task(kind, policy, argv, policy.root))
            try:
                async with asyncio.timeout(_CANARY_TIMEOUT_S):
                    ended = await launched.wait()
            except TimeoutError:
                return "the trial did not end"
            finally:
                await launched.end()
            if ended.word == "failed":
                return ended.detail
            if await asyncio.to_thread((Path(place) / "outside").exists):
                return "the trial could write outside"
            if ended.exit_code == 0:
                return None
            return f"the trial ended with {ended.exit_code}: {await _complaint(launched)}"


def _canary_policy(place: Path) -> Policy:
    policy = Policy(root=str(place / "root"), temporary=str(place / "temporary"))
    for directory in (policy.root, policy.home, policy.scratch):
        Path(directory).mkdir(parents=True)
    (place / "secret").write_text("secret\n")
    return policy


async def _complaint(launched: Launched) -> str:
    errors = launched.streams[1]
    if errors:
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                return (await errors.read(500)).decode(errors="replace").strip()
    return ""


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


def task(kind: Kind, policy: Policy, argv: Sequence[str], cwd: str) -> Task:
    """Return what the launcher is told."""
    env = policy.environment()
    confined = kind != "off"
    restricted = confined and landlock.version() >= landlock.NEEDED_VERSION
    guarded = policy.root if confined and policy.writable_root else ""
    return Task(
        kind=kind,
        argv=list(argv),
        env=env,
        cwd=cwd,
        status=-1,
        guarded=guarded,
        limits=policy.limits.by_name(),
        seccomp=seccomp.program(unix_sockets=kind == "bubblewrap") if confined else b"",
        handled=list(landlock.HANDLED) if restricted else [],
        rules=landlock.rules(policy) if restricted else [],
        file_rights=landlock.FILE_RIGHTS,
        program=(_program() or "") if kind == "bubblewrap" else "",
        bubblewrap=bubblewrap.arguments(policy, cwd, env) if kind == "bubblewrap" else b"",
    )
