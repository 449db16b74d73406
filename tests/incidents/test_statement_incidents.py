"""Incidents of other products in which a text became part of a statement, against real databases that say what they
were told.
"""

import json
import sqlite3
from contextlib import asynccontextmanager

import pytest
from tests.api.conftest import HOME, ROOT

from callboard.bootstrap import Sources, build_app
from callboard.entrance.asking import COOKIE
from callboard.settings import read_settings
from callboard.testing.postgres import PostgresServer
from callboard.usecases.people import NewPerson, add_person
from callboard.usecases.spaces import NewSpace, create_space

from .site import raw, whole_site

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

CANARY = "zqcanary"
QUOTES = (
    f"{CANARY}' OR '1'='1",
    f'{CANARY}"; DROP TABLE record; --',
    f"{CANARY}`$(id)`",
    f"{CANARY}\\'; SELECT pg_sleep(9); --",
    f"{CANARY}%' ESCAPE '_",
    f"{CANARY}${{x}} :name ? $1 %s %(x)s {{0}}",
)
TOKENS = (
    *(f"cb_{text}" for text in QUOTES),
    *(f"cb_abcdef_{text}" for text in QUOTES),
    f"cb_abcdef_{CANARY * 5}xyz",
    f"cb_{CANARY}\x00_{CANARY}",
    f"cb_{CANARY}_" + "a" * 1_000_000,
    f"{CANARY}\ud800",
    f"cb_{CANARY}\u2019_\uff07{CANARY}",
    f"ann.cbs_{CANARY}'_x",
    "",
)
OTHERS = (
    [(b"authorization", f"Basic {CANARY}'".encode())],
    [(b"authorization", f"{CANARY}' Bearer cb_x_y".encode())],
    [(b"authorization", f"Bearer  {CANARY}'".encode())],
    [(b"authorization", b"Bearer cb_a_b"), (b"authorization", f"Bearer {CANARY}'".encode())],
    [(b"authorization", b"Bearer \xff\xfe'" + CANARY.encode())],
    [(b"cookie", f"{COOKIE}={CANARY}'; {COOKIE}=cbs_{CANARY}'_x".encode())],
    [(b"cookie", b"\xff=\x00; " + f"{COOKIE}=ann.cbs_{CANARY}'_y".encode())],
)
HOST = (b"host", b"127.0.0.1:8080")


def hearing(kind, heard):
    """Return a kind of connection or cursor of the driver that notes what it is told."""

    class Hearing(kind):  # pyright: ignore[reportUntypedBaseClass]
        def execute(self, sql, *values):
            heard.append(sql)
            return super().execute(sql, *values)

        def executemany(self, sql, values):
            heard.append(sql)
            return super().executemany(sql, values)

        def executescript(self, sql):
            heard.append(sql)
            return super().executescript(sql)

    return Hearing


def heard_by_sqlite(monkeypatch):
    """Return the list of everything that SQLite is told from now on, by whichever way."""
    heard, connect = [], sqlite3.connect

    def listening(*arguments, factory=sqlite3.Connection, **more):
        class Connection(hearing(factory, heard)):
            def cursor(self, kind=sqlite3.Cursor):
                return super().cursor(hearing(kind, heard))

        return connect(*arguments, factory=Connection, **more)

    monkeypatch.setattr(sqlite3, "connect", listening)
    return heard


@pytest.fixture(scope="module")
def wordy_postgres():
    """A server that writes down every statement as it was told, and no values."""
    server = PostgresServer.begin(settings="-c log_statement=all -c log_parameter_max_length=0")
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path, monkeypatch):
    """Return how to reach a database, and what gives everything that it was told."""
    if request.param == "sqlite":
        heard = heard_by_sqlite(monkeypatch)
        return {}, lambda: "\n".join(heard)
    server = request.getfixturevalue("wordy_postgres")
    log = server.directory / "data" / "log"
    begun = len(log.read_text())
    return {"CALLBOARD_DATABASE_URL": server.new_database()}, lambda: log.read_text()[begun:]


@asynccontextmanager
async def opened(tmp_path, environment):
    told = {"CALLBOARD_HOME": str(tmp_path / "home"), "CALLBOARD_KEYRING": "off", **environment}
    app = await build_app(read_settings(told), Sources())
    await add_person(app, ROOT, NewPerson("ann", "Ann", "owner"))
    await create_space(app, ROOT, NewSpace(HOME, "Sign-in", "AUTH"))
    async with whole_site(app) as site:
        yield site


async def test_litellm_cve_2026_42208_no_bearer_becomes_part_of_a_statement(database, tmp_path):
    environment, told = database
    async with opened(tmp_path, environment) as site:
        for headers in (
            *(
                [(b"authorization", b"Bearer " + token.encode("utf-8", "surrogatepass"))]
                for token in TOKENS
            ),
            *OTHERS,
        ):
            for path in ("/api/v1/me", "/api/v1/runs", "/api/v1/no/such/route"):
                status, body = await raw(site.door, "GET", path, [HOST, *headers])
                assert status == 401, (headers[0][1][:80], body[:300])
                assert CANARY.encode() not in body
    statements = told()
    assert statements.upper().count("SELECT") > 10  # it was listened to
    assert CANARY not in statements


FILTERS = (
    *("/runs?status={}", "/runs?space={}", "/runs?task={}", "/runs?cursor={}", "/runs?{}=1"),
    *(
        "/tasks?space={}",
        "/tasks?state={}",
        "/tasks?label={}",
        "/people?cursor={}",
        "/audit?space={}",
    ),
    *(
        "/runs/{}",
        "/runs/{}/events",
        "/people/{}",
        "/spaces/{}",
        "/tasks/{}",
        "/agents/{}",
        "/roster/{}",
    ),
    *("/performance?by={}", "/usage?by={}", "/limits?name={}", "/hooks/{}", "/templates/{}"),
    "/spaces/auth/members?cursor={}",
)


async def test_langgraph_cve_2025_67644_neither_a_name_nor_a_value_of_a_filter_becomes_a_statement(
    database, tmp_path
):
    environment, told = database
    async with opened(tmp_path, environment) as site:
        ann = await site.board.as_("ann")
        for text in QUOTES:
            for path in FILTERS:
                quoted = "".join(f"%{byte:02x}" for byte in text.encode())
                answer = await ann("GET", path.format(quoted))
                assert answer.status_code < 500, (path, answer.text)
            body = {"name": text, "password": text}
            assert (await ann("POST", "/sessions", body)).status_code == 401
            made = {"id": text, "name": text, "role": text, text: text}
            answer = await ann("POST", "/people", made, headers={"Idempotency-Key": ascii(text)})
            assert answer.status_code == 422
            sent = await site.client.post("/hooks/" + json.dumps(text), content=text.encode())
            assert sent.status_code in (401, 404)
            page = await site.client.get("/search", params={"q": text}, headers=ann.headers)
            assert page.status_code == 200
    assert CANARY not in told()
