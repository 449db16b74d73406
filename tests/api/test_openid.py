"""Signing in through an identity provider: a fake one on loopback, that also lies."""

import asyncio
import base64
import contextlib
import hashlib
import json
import socket
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from callboard.domain.org.people import PEOPLE
from callboard.engine.addresses import is_confidential
from callboard.identity.openid import OpenIdConnect
from callboard.runtime.system import SystemClock
from callboard.testing.clock import PatientClock
from callboard.usecases.openid_sign_in import OpenId
from callboard.usecases.people import NewPerson, add_person, change_person

from .conftest import ROOT, new_app, opened
from .test_runs import WITHIN_S, Quiet

pytestmark = pytest.mark.anyio


@dataclass
class Provider:
    """An identity provider that says whatever a test wants."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    url: str = ""
    claims: dict[str, object] = field(default_factory=dict)
    signed_with: RSAKey | OctKey | None = None
    header: dict[str, object] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    nonce: str = ""
    challenge: str = ""

    def routes(self):
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._facts),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _facts(self, _):
        places = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        return JSONResponse(places | self.facts)

    async def _keys(self, _):
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _token(self, request):
        self.asked = parse_qs((await request.body()).decode())
        verifier = self.asked["code_verifier"][0]
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        if self.asked["code"] != ["good"] or digest.rstrip(b"=").decode() != self.challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        said = {
            "iss": self.url,
            "sub": "u-1",
            "aud": "board",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "Ann@Example.org",
            "email_verified": True,
            "name": "Ann",
        } | self.claims
        header = {"alg": "RS256", "kid": "one"} | self.header
        if header["alg"] == "none":
            return JSONResponse({"id_token": _unsigned(header, said)})
        key = self.signed_with or self.key
        return JSONResponse({"id_token": jwt.encode(header, said, key, [str(header["alg"])])})


def _unsigned(header, said):
    parts = [json.dumps(part).encode() for part in (header, said)]
    return ".".join([base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts] + [""])


@contextlib.asynccontextmanager
async def provided():
    provider = Provider()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        provider.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = Quiet(uvicorn.Config(provider.routes(), log_config=None, lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield provider
        finally:
            server.should_exit = True
            await asyncio.wait_for(task, WITHIN_S)


@contextlib.asynccontextmanager
async def site(provider, *, join=False, clock=None):
    connect = OpenIdConnect(provider.url, "board", SecretStr("s3cret"), SystemClock())
    app = new_app(clock=clock)
    await add_person(app, ROOT, NewPerson("ann", "Ann", "owner", "ann@example.org"))
    async with opened(app, openid=OpenId(connect, join)) as board:
        yield board


@pytest.fixture
async def provider():
    async with provided() as made:
        yield made


async def begin(board, provider, **query):
    """Follow the browser to the provider, and return the state that it brings along."""
    answer = await board.client.get("/api/v1/openid/start", params=query)
    assert answer.status_code == 303, answer.text
    sent = parse_qs(urlsplit(answer.headers["location"]).query)
    provider.nonce, provider.challenge = sent["nonce"][0], sent["code_challenge"][0]
    assert sent["code_challenge_method"] == ["S256"]
    assert sent["redirect_uri"] == ["http://127.0.0.1:8080/api/v1/openid/finish"]
    return sent["state"][0]


async def finish(board, state, code="good"):
    return await board.client.get(f"/api/v1/openid/finish?state={state}&code={code}")


async def way_in(board, provider):
    return await finish(board, await begin(board, provider))


async def me(board):
    return await board.client.get("/api/v1/me")


async def test_a_person_with_the_verified_address_is_signed_in_and_known_by_their_identity(
    provider,
):
    async with site(provider) as board:
        answer = await way_in(board, provider)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await me(board)).json()["actor"]["name"] == "ann"
        assert provider.asked["client_secret"] == ["s3cret"]
        kept = await board.app.records.get(PEOPLE, "ann")
        assert kept is not None
        assert kept.value.subject == f"{provider.url} u-1"
        provider.claims = {"email": "another@example.org", "email_verified": False}
        board.client.cookies.clear()
        assert (await way_in(board, provider)).status_code == 303
        provider.claims = {"sub": "u-2"}
        board.client.cookies.clear()
        assert (await way_in(board, provider)).status_code == 401


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("/tasks/SHOP-4?tab=files&x=%20y#e7", "/tasks/SHOP-4?tab=files&x=%20y#e7"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
async def test_whoever_was_vouched_for_sees_the_page_of_this_site_that_they_wanted(
    provider, wanted, found
):
    async with site(provider) as board:
        answer = await finish(board, await begin(board, provider, next=wanted))
        assert (answer.status_code, answer.headers["location"]) == (303, found)


LIES = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "another audience": {"claims": {"aud": "someone-else"}},
    "several audiences": {"claims": {"aud": ["board", "someone-else"]}},
    "another party": {"claims": {"azp": "someone-else"}},
    "expired": {"claims": {"exp": 1}},
    "no expiry": {"claims": {"exp": None}},
    "from the future": {"claims": {"iat": 9_999_999_999}},
    "another nonce": {"claims": {"nonce": "replayed"}},
    "no nonce": {"claims": {"nonce": None}},
    "no subject": {"claims": {"sub": None}},
    "an unverified address": {"claims": {"email_verified": False}},
    "a doubtful address": {"claims": {"email_verified": "true"}},
    "an unknown address": {"claims": {"email": "eve@example.org"}},
    "another key": {"signed_with": RSAKey.generate_key(2048)},
    "a shared secret": {"signed_with": OctKey.import_key("s3cret" * 8), "header": {"alg": "HS256"}},
    "no signature": {"header": {"alg": "none"}},
    "another issuer's facts": {"facts": {"issuer": "https://evil.example"}},
    "an open way to the tokens": {"facts": {"token_endpoint": "http://id.example/token"}},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_whoever_is_not_vouched_for_is_nobody(provider, lie):
    async with site(provider) as board:
        for name, value in lie.items():
            setattr(provider, name, value)
        if lie.get("facts", {}).get("issuer"):
            assert (await board.client.get("/api/v1/openid/start")).status_code == 401
            return
        assert (await way_in(board, provider)).status_code == 401
        assert (await me(board)).status_code == 401
        assert len(await board.app.records.find(PEOPLE)) == 1


async def test_an_answer_counts_once_and_in_the_browser_that_asked(provider):
    async with site(provider) as board:
        state = await begin(board, provider)
        ticket = dict(board.client.cookies)
        board.client.cookies.clear()
        assert (await finish(board, state)).status_code == 401
        board.client.cookies.update(ticket)
        assert (await finish(board, "invented")).status_code == 401
        assert (await finish(board, state)).status_code == 303
        board.client.cookies.clear()
        board.client.cookies.update(ticket)
        assert (await finish(board, state)).status_code == 401


async def test_a_late_answer_and_a_wrong_code_let_nobody_in(provider):
    clock = PatientClock()
    async with site(provider, clock=clock) as board:
        state = await begin(board, provider)
        assert (await finish(board, state, "wrong")).status_code == 401
        state = await begin(board, provider)
        clock.advance(600)
        assert (await finish(board, state)).status_code == 401


async def test_somebody_who_left_is_not_let_in_by_their_identity(provider):
    async with site(provider) as board:
        await add_person(board.app, ROOT, NewPerson("ben", "Ben", "owner"))
        assert (await way_in(board, provider)).status_code == 303
        await change_person(board.app, ROOT, "ann", active=False)
        board.client.cookies.clear()
        assert (await way_in(board, provider)).status_code == 401


async def test_strangers_join_only_where_that_is_wished(provider):
    provider.claims = {"sub": "u-9", "email": "Zoe.Q+x@example.org", "name": "Zoe"}
    async with site(provider) as board:
        assert (await way_in(board, provider)).status_code == 401
    async with site(provider, join=True) as board:
        assert (await way_in(board, provider)).status_code == 303
        found = (await me(board)).json()
        assert (found["actor"]["name"], found["role"]) == ("zoe.q-x", "member")


async def test_without_a_provider_there_is_no_such_way(board):
    answer = await board.client.get("/api/v1/openid/start")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_identity_provider")


def test_what_is_sent_to_a_provider_goes_by_tls_or_stays_on_this_machine():
    assert is_confidential("https://id.example/token")
    assert is_confidential("http://127.0.0.1:9/token")
    for url in (
        "http://id.example/token",
        "http://127.0.0.1.example/",
        "http://localhost/token",
        "https://id.example@evil.example/",
        "https://id.example/\r\nX: y",
        "https://id.example/a\tb",
        "https://id.example/ $(id)",
        "https://id.example\\@evil.example/",
        "https://id\u2024example/",
        "https://[::1",
        "javascript://id.example/%0aalert(1)",
        "ftp://x",
        "https:///x",
        "",
    ):
        assert not is_confidential(url)
