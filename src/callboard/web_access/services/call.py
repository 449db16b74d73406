"""One request to a service that the person who runs Callboard configured, bounded, without redirects: its
key goes where it was configured to go.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from pydantic import JsonValue, SecretStr
from yarl import URL

from callboard.domain.message import JsonObject
from callboard.ports.web import WebFailed
from callboard.web_access.services.failures import connection_problem

TIMEOUT_S = 20.0

_LARGEST = 4_000_000
_LONGEST_COMPLAINT = 300
_COMPLAINTS = ("error", "detail", "message", "error_description", "msg")
_HINTS = {
    401: "the key is not accepted",
    402: "the account has no credit left",
    403: "it refuses this request",
    404: "there is no such thing",
    429: "too many requests; try again later",
}


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """A request. It is a POST where it has a `body`. `key` goes into the header `key_header`, behind
    `key_prefix`, and appears in no message.
    """

    service: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: JsonObject | None = None
    key: SecretStr | None = None
    key_header: str = "Authorization"
    key_prefix: str = ""


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """A successful answer, as text."""

    service: str
    text: str

    def json(self) -> JsonValue:
        """Return the answer as JSON.

        Raises:
            WebFailed: it is something else.
        """
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            raise WebFailed(f"{self.service} answered with something that is not JSON.") from None


async def ask(call: ServiceCall, *, timeout_s: float = TIMEOUT_S) -> ServiceReply:
    """Make a request.

    Raises:
        WebFailed: no connection, no answer in time, or a status other than 2xx, with the service's words.
    """
    try:
        async with asyncio.timeout(timeout_s):
            status, text = await _answer(call)
    except TimeoutError:
        raise WebFailed(f"{call.service} did not answer within {timeout_s:g} seconds.") from None
    except (aiohttp.InvalidURL, ValueError):
        # The cause stays out: its text may repeat a header.
        message = f"{call.service} cannot be asked: its address or its key is malformed."
        raise WebFailed(message) from None
    except (aiohttp.ClientError, OSError) as error:
        message = f"{call.service} cannot be reached: {connection_problem(error)}."
        raise WebFailed(message) from None
    if 200 <= status < 300:
        return ServiceReply(call.service, text)
    raise WebFailed(_refusal(call, status, text))


async def _answer(call: ServiceCall) -> tuple[int, str]:
    headers = {"Accept": "application/json, text/plain", "User-Agent": "callboard"}
    if call.key is not None:
        headers[call.key_header] = call.key_prefix + call.key.get_secret_value()
    async with (
        aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as session,
        session.request(
            "GET" if call.body is None else "POST",
            URL(call.url).update_query(call.query),
            headers=headers,
            json=call.body,
            allow_redirects=False,
        ) as response,
    ):
        return response.status, await _text(call, response)


async def _text(call: ServiceCall, response: aiohttp.ClientResponse) -> str:
    text = bytearray()
    async for block in response.content.iter_any():
        text += block
        if len(text) > _LARGEST:
            raise WebFailed(f"{call.service} answered with more than {_LARGEST // 1_000_000} MB.")
    return text.decode(errors="replace")


def _refusal(call: ServiceCall, status: int, text: str) -> str:
    try:
        complaint = _complaint(json.loads(text))
    except (ValueError, RecursionError):
        complaint = ""
    if call.key is not None:
        # Some services repeat the key that they do not know.
        complaint = complaint.replace(call.key.get_secret_value(), "(the key)")
    words = [_HINTS.get(status, ""), " ".join(complaint.split())[:_LONGEST_COMPLAINT]]
    said = "; ".join(word for word in words if word)
    return f"{call.service} answered with status {status}" + (f": {said}" if said else ".")


def _complaint(answer: JsonValue) -> str:
    """Return the first text under one of the usual names, however deep."""
    match answer:
        case str():
            return answer
        case dict():
            return next(
                (said for name in _COMPLAINTS if (said := _complaint(answer.get(name)))), ""
            )
        case list():
            return _complaint(answer[0]) if answer else ""
        case _:
            return ""
