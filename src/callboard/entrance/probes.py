"""What monitoring asks of a process, beside everything that people and programs ask: no secrets, no names, and a door
that looks at nothing but the name by which they ask.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import orjson
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from callboard.engine.monitored import may_name_probes
from callboard.ports.examination import Finding

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_METHODS: Final = ("GET", "HEAD")
_MISNAMED: Final = "Ask by an address, by a private name, or by the name in CALLBOARD_URL.\n"


@dataclass(frozen=True, slots=True)
class Probes:
    """An ASGI application: `/healthz` (the process lives), `/readyz` (it can do its part) and `/metrics`. `url` is where
    the deployment is found from outside, None where it is this machine only.
    """

    ready: Callable[[], Awaitable[Sequence[Finding]]]
    metrics: Callable[[], Awaitable[bytes]]
    url: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if not may_name_probes(Headers(scope=scope).get("host", ""), self.url):
            return PlainTextResponse(_MISNAMED, 421)
        if scope["method"] not in _METHODS:
            return PlainTextResponse("Ask with GET.\n", 405, headers={"Allow": ", ".join(_METHODS)})
        match scope["path"]:
            case "/healthz":
                return JSONResponse({"status": "ok"})
            case "/readyz":
                return ready_answer(await self.ready())
            case "/metrics":
                return Response(await self.metrics(), media_type=_TEXT)
            case _:
                return PlainTextResponse("There are /healthz, /readyz and /metrics.\n", 404)


def ready_answer(found: Sequence[Finding]) -> Response:
    """Return the answer to whether a process can do its part: 200, or 503 with what it lacks."""
    ready = all(finding.held for finding in found)
    checks = [
        {name: value for name, value in asdict(finding).items() if name in ("name", "said", "held")}
        for finding in found
    ]
    body = {"status": "ready" if ready else "not ready", "checks": checks}
    return Response(orjson.dumps(body), 200 if ready else 503, media_type="application/json")
