"""What travels over the wire: headers, marks of forms, things done once, refusals as pages."""

import gzip
import re

import pytest

from callboard.usecases.first_owner import new_setup_link
from callboard.usecases.signing_in import set_password
from callboard.usecases.spaces import list_spaces
from callboard.usecases.spending import list_budgets
from callboard.web.static_files import static_files
from tests.web.conftest import BASE, ROOT

pytestmark = pytest.mark.anyio
SPACE = {"id": "auth", "name": "Sign-in", "prefix": "AUTH"}
PASSWORD = "correct horse battery"
DIRECTIVES = {
    *("default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'"),
    *("base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"),
}


@pytest.mark.parametrize("path", ["/settings", "/spaces", "/nothing/here", "/audit"])
async def test_every_page_bears_a_policy_without_exceptions(ann, path):
    answer = await ann.get(path)
    policy = answer.headers["content-security-policy"]
    assert set(policy.split("; ")) >= DIRECTIVES
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_is_shown_once_is_not_kept_by_browsers(ann):
    marks = await ann.marks("/tokens")
    answer = await ann.post("/tokens", {"name": "n", "scopes": "*", "days": "7"} | marks)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    again = await ann.post("/tokens", {"name": "n", "scopes": "*", "days": "7"} | marks)
    assert again.status_code == 409
    assert "cb_" not in again.text


async def test_a_space_called_budget_has_nothing_to_do_with_that_of_the_organisation(ann):
    marks = await ann.marks("/new/space")
    assert (await ann.post("/spaces", SPACE | {"id": "budget"} | marks)).status_code == 303
    await ann.post("/budget", {"limit": "12"} | await ann.marks("/spaces"))
    settings = SPACE | {"id": "budget", "name": "Money"} | await ann.marks("/spaces/budget")
    assert (await ann.post("/spaces/budget", settings)).status_code == 303
    assert [space.name for space in await list_spaces(ann.app, ROOT)] == ["Money"]
    (standing,) = await list_budgets(ann.app, ROOT)
    assert standing.limit_usd == 12


async def test_a_form_without_its_mark_is_kept_and_not_done(ann):
    for mark in ({}, {"_form": "0" * 64}, {"_form": "x"}):
        answer = await ann.post("/spaces", SPACE | {"description": "<b>mine</b>"} | mark)
        assert answer.status_code == 403
        assert "&lt;b&gt;mine&lt;/b&gt;" in answer.text
    assert await list_spaces(ann.app, ROOT) == []


async def test_a_form_of_somebody_elses_session_is_not_done(ann):
    marks = await ann.marks("/new/space")
    await ann.sign_in("eve", "owner")
    assert (await ann.post("/spaces", SPACE | marks)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_pages_of_other_sites_send_nothing(ann, headers):
    marks = await ann.marks("/new/space")
    answer = await ann.post("/spaces", SPACE | marks, **headers)
    assert answer.status_code == 403
    assert await list_spaces(ann.app, ROOT) == []


async def test_the_same_form_sent_again_is_answered_as_before(ann):
    marks = await ann.marks("/new/space")
    first = await ann.post("/spaces", SPACE | marks)
    second = await ann.post("/spaces", SPACE | marks)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]


async def test_a_form_that_was_refused_may_be_sent_again_put_right(ann):
    marks = await ann.marks("/new/space")
    wrong = await ann.post("/spaces", SPACE | {"id": "No Name"} | marks)
    right = await ann.post("/spaces", SPACE | marks)
    assert (wrong.status_code, right.status_code) == (422, 303)


async def test_whoever_is_not_known_is_sent_to_the_door_and_back(pages):
    answer = await pages.get("/spaces/auth?tab=2")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/spaces/auth%3Ftab%3D2"


async def test_what_was_typed_after_the_session_ended_waits_for_the_sign_in(ann):
    marks = await ann.marks("/new/space")
    await set_password(ann.app, ROOT, "ann", PASSWORD)
    typed = SPACE | {"description": 'a "long"\ntext & <more>', "secret_x": "s3cret"}
    answer = await ann.post("/spaces", typed | marks)
    assert answer.status_code == 401
    assert "s3cret" not in answer.text
    held = re.search(r'name="kept_fields" hidden>\n(.*?)</textarea>', answer.text, re.DOTALL)
    assert held is not None
    assert "long" in held[1]


async def test_a_form_that_cannot_be_read_is_refused_as_a_page(ann):
    sent = {"Origin": BASE, "Content-Type": "application/json"}
    answer = await ann.client.post("/spaces", content=b"{}", headers=sent)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_form_larger_than_any_is_refused(ann):
    answer = await ann.post("/spaces", SPACE | {"description": "x" * 2_000_000})
    assert answer.status_code == 413


async def test_the_link_for_the_first_owner_is_good_once(pages):
    link = await new_setup_link(pages.app)
    form = {"link": link, "id": "ann", "name": "Ann", "password": PASSWORD}
    form |= await pages.marks(f"/setup?link={link}")
    wrong = await pages.post("/setup", form | {"id": "Not A Name", "name": '"><b>'})
    assert wrong.status_code == 422
    assert "<b>" not in wrong.text
    good = await pages.post("/setup", form)
    assert (good.status_code, good.headers["location"]) == (303, "/")
    assert (await pages.get(f"/setup?link={link}")).status_code == 404


async def test_files_may_be_kept_for_ever_and_are_sent_packed(pages):
    address = static_files().address("app.css")
    answer = await pages.get(address, **{"Accept-Encoding": "identity"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content.startswith(b"/* Later layers win")
    packed = static_files().files["app.css"].packed
    assert gzip.decompress(packed) == answer.content


async def test_files_of_an_earlier_version_are_still_found(pages):
    answer = await pages.get("/static/000000000000/app.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert (await pages.get("/static/x/../../page.py")).status_code == 404


async def test_the_program_asks_the_api_and_gets_problems_not_pages(ann):
    answer = await ann.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def knock(pages, *, origin, cookie="", host="127.0.0.1:8080"):
    """Return what a browser's socket is told first."""
    headers = [(b"host", host.encode()), (b"cookie", cookie.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    scope = {"type": "websocket", "path": "/live", "headers": headers, "query_string": b"",
             "client": ("127.0.0.1", 5000), "server": ("127.0.0.1", 8080), "subprotocols": [], "scheme": "ws"}  # fmt: skip
    told = []

    async def receive():
        return {"type": "websocket.disconnect"} if told else {"type": "websocket.connect"}

    async def send(message):
        told.append(message["type"])

    await pages.site(scope, receive, send)
    return told[0]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", None, "http://127.0.0.1:9999", "http://evil:8080"]
)
async def test_sockets_of_other_sites_pages_are_closed_at_the_door(ann, origin):
    cookie = f"callboard_session={ann.client.cookies['callboard_session']}"
    assert await knock(ann, origin=origin, cookie=cookie) == "websocket.close"


async def test_sockets_of_nobody_are_closed_at_the_door(ann):
    assert await knock(ann, origin=BASE) == "websocket.close"


async def test_sockets_that_name_another_host_are_closed_at_the_door(ann):
    cookie = f"callboard_session={ann.client.cookies['callboard_session']}"
    told = await knock(ann, origin="http://evil:8080", cookie=cookie, host="evil:8080")
    assert told == "websocket.close"
