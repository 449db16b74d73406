"""`ports.way_out.WayOut`: a proxy for the commands of one jail, to the hosts that the deployment lists."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence

from callboard.domain.errors import CallboardError
from callboard.engine.addresses import is_address
from callboard.engine.command_hosts import CommandHosts
from callboard.engine.hosts import authority
from callboard.ports.vault import Vault
from callboard.ports.way_out import Visit
from callboard.ports.web import WebFailed
from callboard.web_access.egress.bearers import Bearers
from callboard.web_access.egress.heads import LARGEST_HEAD, Head
from callboard.web_access.egress.policy import Resolve, canonical_host, system_addresses
from callboard.web_access.egress.proxy import Connections, Destination
from callboard.web_access.egress.visits import Visits

_HTTP_PORT = 80
_MOST_CONNECTIONS = 64
_RESOLVE_S = 10.0
_IDLE_S = 300.0

Trust = Callable[[], ssl.SSLContext]
"""Makes what certificates of servers are checked with; may take some time."""


class CommandWayOut:
    """See `ports.way_out.WayOut`.

    Args:
        hosts: what may be reached.
        vault: where the credentials are that go with some requests; None: nothing is added.
        resolve: asked once for every name that is listed.
        trust: asked for when a request first goes on over TLS.
        idle_s: how long nothing may happen on a connection, in seconds.
    """

    def __init__(
        self,
        hosts: CommandHosts,
        vault: Vault | None = None,
        *,
        resolve: Resolve = system_addresses,
        trust: Trust = ssl.create_default_context,
        idle_s: float = _IDLE_S,
    ) -> None:
        self._hosts = hosts
        self._resolve = resolve
        self._bearers = None if vault is None else Bearers(vault, trust)
        self._idle_s = idle_s

    @property
    def places(self) -> str:
        """See `ports.way_out.WayOut`."""
        return str(self._hosts)

    async def open(self, listening: int) -> "CommandWay":
        """See `ports.way_out.WayOut`."""
        visits = Visits()
        judged = Judged(self._hosts, self._resolve, self._bearers, visits)
        connections = Connections(judged.judge, most=_MOST_CONNECTIONS, idle_s=self._idle_s)
        channel = socket.socket(fileno=listening)
        channel.setblocking(False)  # noqa: FBT003 - its only parameter
        server = await asyncio.start_server(connections.accept, sock=channel, limit=LARGEST_HEAD)
        return CommandWay(server, connections, visits)


class CommandWay:
    """See `ports.way_out.OpenWay`."""

    def __init__(self, server: asyncio.Server, connections: Connections, visits: Visits) -> None:
        self._server = server
        self._connections = connections
        self._visits = visits

    def visits(self) -> Sequence[Visit]:
        """See `ports.way_out.OpenWay`."""
        return self._visits.taken()

    async def close(self) -> None:
        """See `ports.way_out.OpenWay`."""
        self._server.close()
        await self._connections.close()


class Judged:
    """The one rule for tunnels and plain requests: listed by name, then judged by address."""

    def __init__(
        self, hosts: CommandHosts, resolve: Resolve, bearers: Bearers | None, visits: Visits
    ) -> None:
        self._hosts = hosts
        self._resolve = resolve
        self._bearers = bearers
        self._visits = visits

    async def judge(self, head: Head) -> Destination:
        """Return where a request goes.

        Raises:
            WebFailed: nowhere; that is kept, as what goes on is.
        """
        try:
            host = canonical_host(head.host)
        except WebFailed as problem:
            self._visits.refused("a host", str(problem))
            raise
        try:
            return await self._destination(head, host)
        except _Refused as refused:
            self._visits.refused(refused.place, refused.why)
            raise WebFailed(f"{refused.place}: {refused.why}.") from None

    async def _destination(self, head: Head, host: str) -> Destination:
        bearer = None
        if self._bearers is not None and not head.tunnel and self._hosts.mentions(host):
            try:
                bearer = await self._bearers.find(host, head.port)
            except CallboardError as problem:
                raise _Refused(authority(host, head.port), str(problem)) from None
        port = bearer.endpoint.port if bearer else head.port
        addresses = await self._addresses(host, port)
        if bearer is not None:
            try:
                destination = await bearer.destination(head, addresses)
            except CallboardError as problem:
                raise _Refused(authority(host, port), str(problem)) from None
        else:
            named = authority(host, port, _HTTP_PORT)
            destination = Destination(addresses, port, b"" if head.tunnel else head.opening(named))
        self._visits.reached(authority(host, port))
        return destination

    async def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        place = authority(host, port)
        problem = self._hosts.problem(host, port)
        if problem is not None:
            raise _Refused(place, problem)
        found = (host,) if is_address(host) else await self._resolved(host, port)
        if not found:
            raise _Refused(place, "its name does not resolve")
        problem = self._hosts.address_problem(host, found, port)
        if problem is not None:
            raise _Refused(place, problem)
        return found

    async def _resolved(self, host: str, port: int) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(_RESOLVE_S):
                return tuple(await self._resolve(host, port))
        except (OSError, UnicodeError):  # a timeout is an OSError, too
            return ()


class _Refused(Exception):
    """A request goes nowhere: what it asked for, and why not."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(place, why)
        self.place = place
        self.why = why
