"""Requests that nobody would write, on every route: each is answered as the document says, and none breaks anything."""

import asyncio
import socket
import threading

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from callboard.api.site import create_api
from callboard.entrance.site import Parts

from .conftest import new_app, opened, settle
from .test_runs import Quiet

WITHIN_S = 60
CHECKED = [
    checks.not_a_server_error,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.status_code_conformance,
]


async def _no_app():
    raise NotImplementedError


schema = schemathesis.openapi.from_dict(create_api(Parts(_no_app)).openapi())


class Serving:
    """A site on a real socket, in a thread of its own."""

    def __init__(self):
        self.ready = threading.Event()
        self.url = self.token = ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self):
        app = new_app()
        await settle(app)
        async with opened(app) as board:
            for run_id, agent in (("r1", "talker"), ("r2", "asker")):
                await board.run(run_id, agent)
            self.token = (await board.as_("ann")).headers["Authorization"]
            config = uvicorn.Config(board.site, lifespan="off", log_config=None, access_log=False)
            self._server = Quiet(config)
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                listening.listen()
                self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                self.ready.set()
                await self._server.serve(sockets=[listening])

    def __enter__(self):
        self._thread.start()
        assert self.ready.wait(WITHIN_S)
        return self

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join(WITHIN_S)


@pytest.fixture(scope="module")
def serving():
    with Serving() as site:
        yield site


@schema.parametrize()  # pyright: ignore[reportUntypedFunctionDecorator]
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.filter_too_much],
)
def test_any_request_is_answered_as_the_document_says(case, serving):
    case.call_and_validate(
        base_url=serving.url,
        headers={"Authorization": serving.token},
        checks=CHECKED,
        timeout=WITHIN_S,
    )
