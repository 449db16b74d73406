"""What a form says that was refused: in its own words, with all that was typed, and nothing was done."""

import html
import re

import pytest

from callboard.domain.org.people import PEOPLE
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.spaces import NewSpace, create_space
from callboard.web.templating import sentence
from tests.usecases.test_roster import writer
from tests.web.conftest import ROOT

pytestmark = pytest.mark.anyio


def alert_of(answer):
    assert answer.status_code == 422
    found = re.search(r'role="alert">(.*?)</div>', answer.text)
    assert found is not None
    return html.unescape(found[1])


async def test_fields_that_do_not_fit_are_called_as_they_are_labelled(ann):
    wrong = {"id": "My Space", "name": "Mine", "prefix": "1"} | await ann.marks("/new/space")
    said = alert_of(await ann.post("/spaces", wrong))
    assert said == (
        "“Short name” must be up to 64 small letters, digits and dashes, the first a letter or a digit;"
        " “Its tasks begin with” must be two to ten capital letters and digits, the first a letter."
    )


@pytest.mark.parametrize(
    ("path", "to", "fields", "label"),
    [
        ("/members", "/people", {"id": "Ann B", "name": "Ann"}, "Signs in as"),
        ("/members", "/accounts", {"account_id": "C I", "account_name": "CI"}, "Short name"),
        ("/new/webhook", "/webhooks", {"id": "No Name", "url": "https://a.example/x"}, "Name"),
        ("/tokens", "/tokens", {"name": "n" * 300, "scopes": "*", "days": "7"}, "What it is for"),
    ],
)
async def test_no_form_says_what_a_program_would(ann, path, to, fields, label):
    said = alert_of(await ann.post(to, fields | await ann.marks(path)))
    assert said.startswith(f"“{label}” ")
    assert "String should" not in said
    assert "pattern" not in said


async def test_whoever_is_given_too_short_a_password_does_not_join_without_one(ann):
    ben = {"id": "ben", "name": "Ben", "role": "member"} | await ann.marks("/members")
    said = alert_of(await ann.post("/people", ben | {"password": "short"}))
    assert said == "A password has 10 to 1024 characters."
    assert await ann.app.records.get(PEOPLE, "ben") is None
    again = await ann.post("/people", ben | {"password": "long enough now"})
    assert again.status_code == 303


async def test_nothing_of_somebody_changes_with_a_password_that_is_none(ann):
    plain = {"id": "ben", "name": "Ben", "role": "member"} | await ann.marks("/members")
    assert (await ann.post("/people", plain)).status_code == 303
    changed = {"name": "Benno", "email": "", "role": "admin", "password": "short"}
    answer = await ann.post("/members/ben", changed | await ann.marks("/members/ben"))
    assert alert_of(answer) == "A password has 10 to 1024 characters."
    kept = await ann.app.records.get(PEOPLE, "ben")
    assert (kept.value.name, kept.value.role) == ("Ben", "member")
    assert 'value="Benno"' in answer.text
    assert 'name="active" value="on">' in answer.text


async def test_what_was_cleared_stays_cleared_where_another_field_is_refused(ann):
    await create_space(ann.app, ROOT, NewSpace("auth", "Sign-in", "AUTH", "About it", "/srv/auth"))
    marks = await ann.marks("/spaces/auth")
    cleared = {"name": "Sign-in", "description": "", "repository": "", "at_once": "0"}
    answer = await ann.post("/spaces/auth", cleared | marks)
    assert alert_of(answer) == "“Tasks worked on at a time” must be at least 1."
    assert "/srv/auth" not in answer.text
    assert "About it" not in answer.text


async def test_the_place_of_an_agent_is_kept_as_it_was_typed(ann):
    await create_space(ann.app, ROOT, NewSpace("auth", "Sign-in", "AUTH"))
    await save_agent(ann.app, ROOT, NewVersion(writer()))
    typed = {"owner": "person:ann", "at_once": "0", "space": "auth", "revision": ""}
    answer = await ann.post(
        "/agents/writer/place", typed | await ann.marks("/agents/writer/config")
    )
    assert alert_of(answer) == "“Runs under way at a time” must be at least 1."
    assert 'value="person:ann"' in answer.text
    assert 'name="at_once" type="number" value="0"' in answer.text
    assert 'name="space" value="auth" checked' in answer.text


def test_what_an_error_says_is_shown_as_a_sentence():
    assert sentence("this is of no use; `callboard serve` prints <one>") == (
        "This is of no use; <code>callboard serve</code> prints &lt;one&gt;."
    )
    assert sentence("test-writer was changed meanwhile") == "test-writer was changed meanwhile."
    assert sentence("Choose one!") == "Choose one!"


async def test_whoever_may_not_is_told_whose_it_is(ann):
    await ann.sign_in("ben")
    for path, whose in (
        ("/credentials", "admins of the organisation, and for maintainers of the space"),
        ("/audit", "admins of the organisation, and for maintainers of the space"),
        ("/members/ann/sessions", "The address may be mistyped"),
    ):
        answer = await ann.get(path)
        assert answer.status_code in (403, 404)
        assert whose in answer.text
    marks = await ann.marks("/settings")
    refused = await ann.post("/spaces", {"id": "a", "name": "A", "prefix": "AA"} | marks)
    assert alert_of(refused) == "This is for admins of the organisation."


async def test_nobody_is_led_to_what_is_not_theirs(ann):
    places = ("/credentials", "/webhooks", "/audit")
    theirs = (await ann.get("/settings")).text
    assert [place for place in places if f'href="{place}"' in theirs] == [*places]
    await ann.sign_in("ben")
    others = (await ann.get("/settings")).text
    assert [place for place in places if f'href="{place}"' in others] == []
    for path in ("/new/space", "/new/agent"):
        assert "Not yours to create" in (await ann.get(path)).text


async def test_a_page_that_is_not_there_names_no_commands_of_the_terminal(ann):
    page = (await ann.get("/spaces/nowhere")).text
    assert "There is no space" in html.unescape(page)
    assert "spaces list" not in page
