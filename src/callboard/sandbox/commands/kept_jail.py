"""A jail that is started when it is first needed, and again when it has ended."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from callboard.domain.errors import SandboxUnavailable
from callboard.ports.way_out import Visit, WayOut
from callboard.sandbox.commands.confinement import Confinement
from callboard.sandbox.commands.jail import Jail, Running
from callboard.sandbox.commands.network import JailNetwork
from callboard.sandbox.commands.policy import Policy


class KeptJail:
    """The jail of one policy. `prepare` makes what the policy names, before a start."""

    def __init__(
        self,
        confinement: Confinement,
        policy: Policy,
        prepare: Callable[[], None],
        way_out: WayOut | None = None,
    ) -> None:
        self._confinement = confinement
        self._network = JailNetwork(confinement, way_out)
        self._policy = policy
        self._prepare = prepare
        self._environment: Mapping[str, str] = {}
        self._jail: Jail | None = None
        self._starting = asyncio.Lock()

    async def get(self) -> Jail:
        """Return the running jail.

        Raises:
            SandboxUnavailable: there is no confinement here, or it does not start.
        """
        if self._jail and self._jail.alive:
            return self._jail
        async with self._starting:
            if self._jail and not self._jail.alive:
                ended, self._jail = self._jail, None
                await ended.close()
            if self._jail is None:
                self._jail = await self._opened()
            return self._jail

    def visits(self) -> Sequence[Visit]:
        """Return what commands tried to reach since this was asked for last."""
        return self._network.visits()

    async def begin(self, argv: Sequence[str], cwd: str, outputs: Sequence[int]) -> Running:
        """Start a command; in a new jail where the old one turns out to have ended.

        Raises:
            SandboxUnavailable: see `get`.
        """
        jail = await self.get()
        try:
            return await jail.begin(argv, cwd, self._environment, outputs)
        except SandboxUnavailable:
            jail = await self.get()
            return await jail.begin(argv, cwd, self._environment, outputs)

    async def close(self) -> None:
        """End it. Idempotent."""
        async with self._starting:
            jail, self._jail = self._jail, None
            await self._network.close()
            if jail:
                await jail.close()

    async def _opened(self) -> Jail:
        self._prepare()
        jail = await self._confinement.open(self._policy)
        try:
            self._environment = {**self._policy.environment(), **await self._network.open(jail)}
        except BaseException:
            await jail.close()
            raise
        return jail
