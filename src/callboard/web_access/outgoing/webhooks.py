"""`ports.notifier.WebhookSender` by HTTP: to judged addresses, following no redirect."""

import asyncio
from typing import Final

import aiohttp

from callboard.ports.notifier import NotDelivered, WebhookMessage
from callboard.ports.web import WebFailed
from callboard.web_access.egress.connector import pinned_connector
from callboard.web_access.egress.policy import EgressPolicy, web_url
from callboard.web_access.services.failures import connection_problem

USER_AGENT: Final = "callboard (a webhook that somebody asked for)"
_GONE: Final = 410


class HttpWebhooks:
    """See `ports.notifier.WebhookSender`. The answer's body is not read: only its status counts."""

    def __init__(self, policy: EgressPolicy, *, timeout_s: float = 15.0) -> None:
        self._policy = policy
        self._timeout_s = timeout_s

    async def post(self, message: WebhookMessage) -> None:
        """See `ports.notifier.WebhookSender`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._posted(message)
        except TimeoutError:
            raise NotDelivered(f"there was no answer within {self._timeout_s:g} seconds") from None
        except WebFailed as problem:
            raise NotDelivered(str(problem)) from None

    async def _posted(self, message: WebhookMessage) -> None:
        url = web_url(message.url)
        host, port = url.raw_host or "", url.port or 0
        addresses = await self._policy.addresses(host, port)
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        try:
            async with (
                aiohttp.ClientSession(
                    connector=pinned_connector(addresses),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                    auto_decompress=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as session,
                session.post(
                    url,
                    data=message.body,
                    headers=headers | dict(message.headers),
                    allow_redirects=False,
                ) as response,
            ):
                _judge(response)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise NotDelivered(f"{host} cannot be reached: {connection_problem(error)}") from None


def _judge(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NotDelivered(f"the answer was {status}; redirects are not followed")
    wish = response.headers.get("Retry-After", "").strip()
    raise NotDelivered(
        f"the answer was {status}",
        gone=status == _GONE,
        retry_after_s=float(wish)
        if wish.isascii() and wish.isdecimal() and len(wish) < 8
        else None,
    )
