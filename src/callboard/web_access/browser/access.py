"""What one page may reach: its own origin, and what somebody allowed."""

from dataclasses import dataclass

from callboard.ports.web import WebFailed
from callboard.web_access.egress.policy import EgressPolicy, canonical_host, web_url

_WEB_PORTS = frozenset({80, 443})


@dataclass(frozen=True, slots=True)
class PageAccess:
    """The rules of one visit.

    Attributes:
        host: canonical host that was asked for.
        port: its port; with one of http and https, the other may be used too.
        policy: the egress policy.
        own: whether the page itself may be this machine's.
    """

    host: str
    port: int
    policy: EgressPolicy
    own: bool

    def may(self, host: str, port: int) -> bool:
        """Whether the page may ask for this host at all; what it resolves to is another question."""
        same_port = port == self.port or {port, self.port} <= _WEB_PORTS
        return (host == self.host and same_port) or self.policy.permits(host, port)

    def may_url(self, url: str) -> bool:
        """Whether the page may ask for a URL."""
        if url.startswith(("data:", "blob:")):
            return True
        try:
            target = web_url("http" + url[2:] if url.startswith(("ws:", "wss:")) else url)
        except WebFailed:
            return False
        return self.may(target.raw_host or "", target.port or 0)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return where to connect to.

        Raises:
            WebFailed: the page may not reach it.
        """
        name = canonical_host(host)
        if not self.may(name, port):
            raise WebFailed(f"{host}:{port} is not part of the page that was asked for.")
        return await self.policy.addresses(name, port, own=self.own)


def access_for(url: str, policy: EgressPolicy, *, own: bool) -> PageAccess:
    """Return the rules of a visit to a URL.

    Raises:
        WebFailed: it is no URL of the web.
    """
    target = web_url(url)
    return PageAccess(target.raw_host or "", target.port or 0, policy, own)
