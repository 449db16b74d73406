"""What every request passes: who asks, from where, how much, and how often."""

import asyncio
import json

import pytest

from callboard.domain.errors import DatabaseUnusable, StoreUnavailable
from callboard.domain.org.people import PEOPLE
from callboard.entrance.asking import COOKIE, Site
from callboard.entrance.door import MOST_BYTES
from callboard.entrance.problems import of_error
from callboard.usecases.first_owner import new_setup_link
from callboard.usecases.people import NewPerson, add_person
from callboard.usecases.signing_in import set_password

from .conftest import BASE, HOME, ROOT, new_app, opened

pytestmark = pytest.mark.anyio
PASSWORD = "a long password"
OWN = {"Origin": BASE}
"""What browsers say along with a cookie where a page of ours asks."""


def code(response):
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert found["status"] == response.status_code
    return found["code"]


async def test_a_token_says_who_asks_and_narrows_what_they_may(board):
    ann = await board.as_("ann", "org.read")
    me = (await ann("GET", "/me")).json()
    assert me["actor"] == {"kind": "person", "name": "ann"}
    assert (me["role"], me["scopes"], me["way"]) == ("owner", ["org.read"], "token")
    assert (await ann("GET", "/people")).status_code == 200
    refused = await ann("POST", "/people", {"id": "x", "name": "X"})
    assert (refused.status_code, code(refused)) == (403, "not_allowed")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer cb_none"},
        {"Authorization": "Basic YW5uOmFubg=="},
        {"Authorization": "Bearer"},
        {"Cookie": f"{COOKIE}=ann.cbs_none_none"},
        {"Cookie": "\x7f=;;; =,"},
    ],
)
async def test_whoever_is_nobody_is_told_so_and_nothing_else(board, headers):
    for path in ("/me", "/people/ann", "/people/nobody", "/no/such/route"):
        answer = await board.client.get(f"/api/v1{path}", headers=headers)
        assert (answer.status_code, code(answer)) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_foreign_host_is_not_served_whoever_asks(board):
    ann = await board.as_("ann")
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", ""):
        answer = await ann("GET", "/me", headers={"Host": host})
        assert (answer.status_code, code(answer)) == (421, "unknown_host")


async def test_pages_of_other_sites_are_refused_whatever_they_carry(board):
    ann = await board.as_("ann")
    for origin in (
        "http://evil.example",
        "null",
        "http://localhost:8080",
        "https://127.0.0.1:8080",
    ):
        answer = await ann("GET", "/me", headers={"Origin": origin})
        assert (answer.status_code, code(answer)) == (403, "foreign_origin")
    assert (await ann("GET", "/me", headers={"Origin": BASE})).status_code == 200
    crossing = await ann(
        "POST", "/tokens", {"name": "x", "scopes": ["*"]}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (crossing.status_code, code(crossing)) == (403, "foreign_origin")


async def test_a_deployment_with_a_name_serves_that_name():
    app = new_app()
    await add_person(app, ROOT, NewPerson("ann", "Ann", "owner"))
    async with opened(app, Site(url="https://callboard.example")) as board:
        ann = await board.as_("ann")
        named = {"Host": "callboard.example"}
        answer = await ann("GET", "/me", headers=named | {"Origin": "https://callboard.example"})
        assert answer.status_code == 200
        assert "max-age" in answer.headers["strict-transport-security"]
        wrong = await ann("GET", "/me", headers=named | {"Origin": "http://callboard.example"})
        assert wrong.status_code == 403


async def test_a_body_is_bounded_also_where_its_length_is_not_announced(board):
    ann = await board.as_("ann")
    large = await ann("POST", "/people", content=b"x" * (MOST_BYTES + 1))
    assert (large.status_code, code(large)) == (413, "too_large")

    async def parts():
        for _ in range(12):
            yield b"x" * 100_000

    streamed = await ann("POST", "/people", content=parts())
    assert streamed.status_code == 413


async def test_every_answer_bears_what_keeps_browsers_careful(board):
    for answer in (
        await board.client.get("/api/v1/me"),
        await (await board.as_("ann"))("GET", "/me"),
        await board.client.get("/healthz"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


async def test_what_does_not_fit_is_said_by_field_and_not_repeated(board):
    ann = await board.as_("ann")
    answer = await ann("PUT", "/people/ann/password", {"password": "", "secret": "canary-1"})
    assert (answer.status_code, code(answer)) == (422, "invalid_request")
    assert {one["field"] for one in answer.json()["errors"]} == {"body.password", "body.secret"}
    assert "canary-1" not in answer.text
    broken = await ann("POST", "/people", content=b'{"id": ')
    assert (broken.status_code, code(broken)) == (422, "invalid_request")


async def test_the_log_of_requests_holds_no_secret(board, caplog):
    caplog.set_level("INFO", "callboard.access")
    ann = await board.as_("ann")
    await ann("GET", "/runs?task=canary-2")
    await ann("POST", "/sessions", {"name": "ann", "password": "canary-3"})
    text = caplog.text
    assert "GET /api/v1/runs 200" in text
    assert "person:ann" in text
    for secret in ("canary", ann.headers["Authorization"].rpartition("_")[2]):
        assert secret not in text


async def test_what_nobody_expected_leaves_as_a_code_alone(board, caplog):
    class Broken:
        async def get(self, *_):
            raise RuntimeError("canary-4")

    object.__setattr__(board.app, "records", Broken())
    answer = await board.client.get("/api/v1/me", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
    text = "cb_abcdef_" + "a" * 43
    answer = await board.client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, code(answer)) == (500, "internal")
    assert "canary" not in answer.text
    assert "canary-4" in caplog.text


# --- signing in


async def signed_in(board):
    await set_password(board.app, ROOT, "ann", PASSWORD)
    answer = await board.client.post(
        "/api/v1/sessions", json={"name": "ann", "password": PASSWORD}, headers={"Origin": BASE}
    )
    assert answer.status_code == 201
    return answer


async def test_a_session_is_a_cookie_that_scripts_cannot_read(board):
    answer = await signed_in(board)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    me = (await board.client.get("/api/v1/me")).json()
    assert (me["actor"]["name"], me["way"]) == ("ann", "session")
    (session,) = (await board.client.get("/api/v1/sessions")).json()["items"]
    assert session["current"]
    assert answer.json()["id"] == session["id"]
    ended = await board.client.delete("/api/v1/sessions/current", headers=OWN)
    assert ended.status_code == 204
    assert (await board.client.get("/api/v1/me")).status_code == 401


async def test_a_session_does_nothing_for_a_page_of_another_site(board):
    await signed_in(board)
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "same-site"}):
        forged = await board.client.post(
            "/api/v1/people", json={"id": "eve", "name": "Eve", "role": "owner"}, headers=headers
        )
        assert forged.status_code == 403
    assert await board.app.records.get(PEOPLE, "eve") is None


async def test_wrong_names_and_wrong_passwords_get_the_same_answer(board):
    await set_password(board.app, ROOT, "ann", PASSWORD)
    answers = [
        await board.client.post("/api/v1/sessions", json={"name": name, "password": "wrong one"})
        for name in ("ann", "mia", "nobody")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_too_many_failures_say_when_to_come_back(board):
    for _ in range(10):
        await board.client.post("/api/v1/sessions", json={"name": "ann", "password": "wrong"})
    answer = await board.client.post("/api/v1/sessions", json={"name": "ann", "password": "wrong"})
    assert (answer.status_code, code(answer)) == (429, "too_many_attempts")
    assert int(answer.headers["retry-after"]) > 0


# --- the first owner, and one's own machine


async def test_on_their_own_machine_the_only_user_has_nothing_to_configure(empty_board):
    me = (await empty_board.client.get("/api/v1/me")).json()
    assert (me["actor"]["name"], me["role"], me["way"]) == ("lou", "owner", "local")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Origin": "http://evil.example"},
        {"X-Forwarded-For": "203.0.113.1"},
        {"Forwarded": "for=203.0.113.1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_nobody_else_passes_for_the_user_of_the_machine(empty_board, headers):
    answer = await empty_board.client.get("/api/v1/me", headers=headers)
    assert answer.status_code in (401, 403, 421)


async def test_other_machines_do_not_pass_for_the_user_of_this_one():
    async with opened(new_app(), Site(local_user="lou"), client=("192.0.2.7", 1)) as board:
        assert (await board.client.get("/api/v1/me")).status_code == 401


async def test_as_soon_as_somebody_is_here_the_machine_alone_is_not_enough(empty_board):
    await empty_board.nobody("POST", "/people", {"id": "ann", "name": "Ann", "role": "owner"})
    assert (await empty_board.client.get("/api/v1/me")).status_code == 401


async def test_the_link_makes_the_first_owner_once(empty_board):
    link = await new_setup_link(empty_board.app)
    body = {"link": link, "id": "ann", "name": "Ann", "password": PASSWORD}
    first = await empty_board.client.post("/api/v1/setup", json=body)
    assert first.status_code == 201
    assert (await empty_board.client.get("/api/v1/me")).json()["role"] == "owner"
    second = await empty_board.client.post("/api/v1/setup", json=body | {"id": "eve"})
    assert (second.status_code, code(second)) == (401, "not_signed_in")
    assert len(await empty_board.app.records.find(PEOPLE)) == 1


# --- pages


async def all_pages(caller, path, limit=2):
    found, cursor = [], None
    for _ in range(50):
        query = f"?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        page = (await caller("GET", path + query)).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError("the list has no end")


async def test_pages_together_are_the_list(board):
    for number in range(5):
        await board.run(f"r{number}")
    ann = await board.as_("ann")
    whole = (await ann("GET", "/runs?limit=200")).json()["items"]
    assert [one["run_id"] for one in whole] == ["r4", "r3", "r2", "r1", "r0"]
    assert await all_pages(ann, "/runs") == whole
    people = await all_pages(ann, "/people")
    assert [one["id"] for one in people] == ["ann", "adam", "mia", "cleo", "vic", "otto"]
    audit = await all_pages(ann, "/audit", 7)
    positions = [one["position"] for one in audit]
    assert positions == list(range(len(positions), 0, -1))


async def test_what_is_added_while_somebody_turns_pages_repeats_and_hides_nothing(board):
    for number in range(4):
        await board.run(f"r{number}")
    ann = await board.as_("ann")
    first = (await ann("GET", "/runs?limit=2")).json()
    await board.run("r9")
    rest = (await ann("GET", f"/runs?limit=2&cursor={first['next_cursor']}")).json()
    assert [one["run_id"] for one in first["items"] + rest["items"]] == ["r3", "r2", "r1", "r0"]
    people = (await ann("GET", "/people?limit=3")).json()
    await ann("POST", "/people", {"id": "zoe", "name": "Zoe"})
    behind = (await ann("GET", f"/people?cursor={people['next_cursor']}")).json()
    assert [one["id"] for one in behind["items"]] == ["cleo", "vic", "otto", "zoe"]


async def test_a_cursor_of_somebody_else_or_of_another_list_is_refused(board):
    ann, adam = await board.as_("ann"), await board.as_("adam")
    cursor = (await ann("GET", "/people?limit=2")).json()["next_cursor"]
    assert (await ann("GET", f"/people?cursor={cursor}&limit=9")).status_code == 200
    for caller, path in (
        (adam, f"/people?cursor={cursor}"),
        (ann, f"/spaces?cursor={cursor}"),
        (ann, f"/people?x=1&cursor={cursor}"),
        (ann, f"/people?cursor={cursor}x"),
        (ann, "/people?cursor=WyJhIl0"),
        (ann, "/people?cursor=%00"),
    ):
        answer = await caller("GET", path)
        assert (answer.status_code, code(answer)) == (400, "cursor_refused")


# --- once


async def test_a_repeated_request_is_done_once_and_answered_alike(board):
    ann = await board.as_("ann")
    key = {"Idempotency-Key": "one"}
    body = {"id": "zoe", "name": "Zoe"}
    first = await ann("POST", "/people", body, headers=key)
    second = await ann("POST", "/people", body, headers=key)
    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert second.headers["idempotency-replayed"] == "true"
    other = await ann("POST", "/people", body | {"name": "Zora"}, headers=key)
    assert (other.status_code, code(other)) == (422, "idempotency_key_reused")
    elsewhere = await ann("POST", "/service-accounts", body, headers=key)
    assert code(elsewhere) == "idempotency_key_reused"


async def test_duplicates_at_the_same_moment_have_one_effect(board):
    ann = await board.as_("ann")
    body = {"agent": "talker", "prompt": "go", "workspace": "/work"}
    answers = await asyncio.gather(
        *(ann("POST", "/runs", body, headers={"Idempotency-Key": "k"}) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert len((await ann("GET", "/runs")).json()["items"]) == 1


async def test_keys_of_two_people_have_nothing_to_do_with_each_other(board):
    key = {"Idempotency-Key": "same"}
    ann, adam = await board.as_("ann"), await board.as_("adam")
    assert (await ann("POST", "/people", {"id": "a1", "name": "A"}, headers=key)).status_code == 201
    assert (
        await adam("POST", "/people", {"id": "a2", "name": "A"}, headers=key)
    ).status_code == 201


async def test_a_request_that_was_refused_can_be_put_right_with_the_same_key(board):
    ann = await board.as_("ann")
    key = {"Idempotency-Key": "k"}
    assert (
        await ann("POST", "/people", {"id": "A B", "name": "A"}, headers=key)
    ).status_code == 422
    assert (await ann("POST", "/people", {"id": "ab", "name": "A"}, headers=key)).status_code == 201


async def test_a_secret_that_is_shown_once_is_not_kept_for_a_repetition(board):
    ann = await board.as_("ann")
    key = {"Idempotency-Key": "k"}
    body = {"name": "ci", "scopes": ["*"]}
    first = await ann("POST", "/tokens", body, headers=key)
    second = await ann("POST", "/tokens", body, headers=key)
    assert (second.status_code, code(second)) == (409, "idempotency_shown_once")
    assert len((await ann("GET", "/tokens")).json()["items"]) == 2
    listed = (await ann("GET", "/tokens?all=true")).text
    assert first.json()["token"].rpartition("_")[2] not in listed


async def test_a_change_made_for_an_older_revision_is_refused(board):
    mia = await board.as_("mia")
    read = await mia("GET", f"/spaces/{HOME}")
    etag = {"If-Match": read.headers["etag"]}
    assert (await mia("PATCH", f"/spaces/{HOME}", {"name": "A"}, headers=etag)).status_code == 200
    late = await mia("PATCH", f"/spaces/{HOME}", {"name": "B"}, headers=etag)
    assert (late.status_code, code(late)) == (412, "stale")
    assert (await mia("PATCH", f"/spaces/{HOME}", {"name": "C"})).status_code == 200
    odd = await mia("PATCH", f"/spaces/{HOME}", {"name": "D"}, headers={"If-Match": "x"})
    assert odd.status_code == 400


async def test_the_openapi_document_is_of_version_3_1_and_tells_of_refusals(board):
    answer = await board.client.get("/api/openapi.json")
    document = json.loads(answer.text)
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "401" in operation["responses"], f"{method} {path}"
            assert operation.get("description"), f"{method} {path}"


async def test_an_open_session_is_not_enough_to_change_ones_password(board):
    await signed_in(board)

    async def change(current):
        body = {"password": "another password", "current": current}
        return await board.client.put("/api/v1/people/ann/password", json=body, headers=OWN)

    wrong = await change("a guess at it")
    assert (wrong.status_code, code(wrong)) == (422, "configuration_invalid")
    assert (await board.client.get("/api/v1/me")).status_code == 200
    assert (await change(PASSWORD)).status_code == 204
    assert (await board.client.get("/api/v1/me")).status_code == 401


async def test_cookies_of_other_programs_do_not_hide_ours(board):
    answer = await signed_in(board)
    ours = answer.headers["set-cookie"].partition(";")[0]
    board.client.cookies.clear()
    headers = {"Cookie": f'odd[name]={{"a": 1}}; {ours}'}
    assert (await board.client.get("/api/v1/me", headers=headers)).status_code == 200


@pytest.mark.parametrize("kind", [StoreUnavailable, DatabaseUnusable])
async def test_why_something_is_not_available_is_in_the_servers_log_and_not_in_the_answer(
    kind, caplog
):
    answer = of_error(kind("db.internal lets nobody in"))
    assert answer.status_code == 503
    assert b"the server's own log says more" in answer.body
    assert b"db.internal" not in answer.body
    assert "answered with 503: db.internal lets nobody in" in caplog.text
