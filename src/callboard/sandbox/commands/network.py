"""The network of a jail: one proxy, or nothing."""

from collections.abc import Mapping, Sequence

from callboard.ports.way_out import OpenWay, Visit, WayOut
from callboard.sandbox.commands.confinement import Confinement
from callboard.sandbox.commands.jail import Jail

PORT = 3128
_PROXY = f"http://127.0.0.1:{PORT}"
_INSIDE = "localhost,127.0.0.1,::1"
_VARIABLES = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _PROXY),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), _INSIDE),
}


class JailNetwork:
    """The way out of one jail after another; None: there is none.

    The proxy is on our side. The jail's server listens in the jail's own network and hands the socket out, so that
    nothing inside has to be kept alive or protected, and no file leads anywhere.
    """

    def __init__(self, confinement: Confinement, way_out: WayOut | None) -> None:
        self._confinement = confinement
        self._way_out = way_out
        self._way: OpenWay | None = None
        self._left: list[Visit] = []

    async def open(self, jail: Jail) -> Mapping[str, str]:
        """Open the way out of a new jail; return the variables that tell commands about it, none where there is none.

        Raises:
            SandboxUnavailable: the jail has ended.
        """
        await self.close()
        if self._way_out is None or not await self._confinement.own_network():
            return {}
        self._way = await self._way_out.open(await jail.listen(PORT))
        return _VARIABLES

    def visits(self) -> Sequence[Visit]:
        """Return what commands tried since this was asked for last."""
        found, self._left = self._left, []
        return [*found, *self._way.visits()] if self._way else found

    async def close(self) -> None:
        """End the way out. Idempotent."""
        way, self._way = self._way, None
        if way:
            await way.close()
            self._left += way.visits()


def told(visits: Sequence[Visit]) -> str:
    """Return what people and models are told of what commands tried; empty where there was nothing."""
    reached = [_counted(visit) for visit in visits if not visit.refused]
    refused = [f"{_counted(visit)}: {visit.refused}" for visit in visits if visit.refused]
    lines = [f"[network: reached {', '.join(reached)}]"] if reached else []
    lines += [f"[network: refused {line}]" for line in refused]
    return "".join(f"\n{line}" for line in lines) + "\n" if lines else ""


def _counted(visit: Visit) -> str:
    return visit.place if visit.times == 1 else f"{visit.place} ({visit.times} times)"
