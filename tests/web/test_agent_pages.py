"""Agents and numbers over the wire: whatever somebody writes is text, whatever they send is answered."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callboard.domain.definition.agent import AgentDefinition
from callboard.engine.pacing import Ask
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.roster_moves import promote_agent
from callboard.usecases.roster_reading import find_in_roster
from callboard.usecases.spaces import NewSpace, create_space, set_member
from tests.browser.past import worked
from tests.web.conftest import ROOT
from tests.web.render.payloads import PAYLOADS

pytestmark = pytest.mark.anyio
PAGES = (
    *(
        "/agents",
        "/agents/mara",
        "/agents/mara/config",
        "/agents/mara/versions",
        "/agents/mara/performance",
    ),
    *(
        "/agents/mara/activity",
        "/agents/mara/release",
        "/dashboards",
        "/dashboards?by=version&then=model",
    ),
    *("/new/agent", "/templates", "/templates/planner", "/models", "/dashboards.csv"),
)
FORMS = (
    *("/agents", "/agents/batch", "/agents/mara/config", "/agents/mara/place", "/agents/mara/move"),
    *("/agents/mara/release", "/models", "/agents/check", "/agents/mara/check"),
    *("/models/limits", "/models/limits/remove"),
)


def mara(prompt="You are Mara.", **fields):
    plain = {
        "id": "mara",
        "display_name": "Mara",
        "model": "scripted/mara",
        "system_prompt": prompt,
    }
    return AgentDefinition.model_validate(plain | fields)


@pytest.fixture
async def team(ann):
    await create_space(ann.app, ROOT, NewSpace("auth", "Sign-in", "AUTH"))
    await save_agent(ann.app, ROOT, NewVersion(mara()))
    await promote_agent(ann.app, ROOT, "mara", 1)
    await worked(ann.app, mara(), 1)
    return ann


class Looked(HTMLParser):
    """What could act in a page: elements and attributes."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.handlers, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in {"script", "iframe", "object", "embed", "base", "img", "style", "meta"}:
            self.scripts.append((tag, given))
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]
        self.links += [
            given[name] or "" for name in ("href", "src", "action", "formaction") if name in given
        ]


def acts(text):
    """Return what in a page could act that is not ours."""
    found = Looked(text)
    strange = [
        (tag, given)
        for tag, given in found.scripts
        if not (tag == "script" and (given.get("src") or "").startswith("/static/"))
        and tag != "meta"
    ]
    links = [
        link
        for link in found.links
        if re.match(r"\s*(javascript|data|vbscript):", link, re.IGNORECASE)
    ]
    return strange + found.handlers + links


@pytest.mark.parametrize("payload", PAYLOADS[::3] + PAYLOADS[1::3])
async def test_an_attack_in_any_field_of_an_agent_is_text(team, payload):
    text = payload.encode("utf-8", "replace").decode()
    definition = mara(
        text,
        display_name=text,
        spawner_prompt=text,
        skills=(text,),
        instructions_prompt=text,
    )
    await save_agent(team.app, ROOT, NewVersion(definition, note=text))
    await promote_agent(team.app, ROOT, "mara", 2)
    await worked(team.app, definition.model_copy(update={"model": text}), 2)
    for path in (*PAGES[:9],):
        answer = await team.get(path)
        assert answer.status_code == 200, path
        assert acts(answer.text) == [], path


@pytest.mark.parametrize("payload", PAYLOADS[2::3])
async def test_an_attack_in_a_form_that_is_refused_is_shown_as_it_was_typed(team, payload):
    text = payload.replace("\r", "").encode("utf-8", "replace").decode()
    marks = await team.marks("/new/agent")
    typed = {
        "id": text,
        "display_name": text,
        "system_prompt": text,
        "rules": text,
        "more": text,
        "model": text,
    }
    answer = await team.post("/agents", typed | marks)
    assert answer.status_code == 422
    assert acts(answer.text) == []
    answer = await team.post("/agents/mara/check", typed)
    assert (answer.status_code, acts(answer.text)) == (200, [])


NAMES = st.sampled_from(
    [
        *(
            "agent",
            "move",
            "to",
            "version",
            "revision",
            "replays",
            "how",
            "share",
            "attempts",
            "below_live",
            "force",
        ),
        *(
            "id",
            "model",
            "display_name",
            "system_prompt",
            "skills",
            "rules",
            "more",
            "turns",
            "cost",
            "wall_time",
        ),
        *(
            "tool.read_files",
            "tool.",
            "space",
            "owner",
            "at_once",
            "note",
            "depth",
            "spawnable",
            "provider",
            "origin",
        ),
    ]
)
VALUES = st.sampled_from(
    [
        *(
            "",
            "0",
            "-1",
            "1",
            "9" * 30,
            "1e999",
            "NaN",
            "mara",
            "nobody",
            "pause",
            "try",
            "retire",
            "[",
            "a: b",
            "- a",
        ),
        *(
            "&a [*a]",
            "person:",
            "person:nobody",
            "²",
            "１",
            "\x00",
            "x" * 5_000,
            "../..",
            "null",
            "true",
            "{}",
        ),
    ]
) | st.text(st.characters(codec="utf-8"), max_size=12)
ANY_FORM = st.dictionaries(NAMES, VALUES, max_size=8)


async def test_a_form_that_nobody_wrote_in_yet_is_not_found_wrong(team):
    blank = await team.post("/agents/check", {"id": "", "model": " ", "display_name": ""})
    assert "checked as you go" in blank.text
    begun = await team.post("/agents/check", {"id": "scout", "model": "", "display_name": ""})
    assert "2 things to put right" in begun.text


@pytest.mark.parametrize("model", ["", "   "])
async def test_an_agent_without_a_model_is_refused_and_the_roster_stands(team, model):
    marks = await team.marks("/new/agent")
    fields = {"id": "nobody", "display_name": "Nobody", "model": model}
    answer = await team.post("/agents", fields | marks)
    assert answer.status_code == 422
    assert "must say something" in answer.text or "is missing" in answer.text
    assert (await team.get("/agents")).status_code == 200


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        *settings().suppress_health_check,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(fields=ANY_FORM, path=st.sampled_from(FORMS))
async def test_any_form_is_answered_and_never_with_a_fault_of_ours(team, fields, path):
    marks = await team.marks("/new/agent")
    answer = await team.post(path, fields | marks)
    assert answer.status_code in {200, 303, 403, 404, 409, 422}, (answer.status_code, fields)
    assert acts(answer.text) == []


QUERY = st.dictionaries(
    st.sampled_from(
        [
            "a",
            "b",
            "q",
            "status",
            "provider",
            "sort",
            "range",
            "by",
            "then",
            "agent",
            "key",
            "version",
            "space",
        ]
    ),
    VALUES,
    max_size=5,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        *settings().suppress_health_check,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(query=QUERY, path=st.sampled_from(PAGES))
async def test_any_address_is_answered(team, query, path):
    answer = await team.client.get(path.partition("?")[0], params=query)
    assert answer.status_code in {200, 404}, (answer.status_code, query)


@pytest.mark.parametrize("path", [one for one in FORMS if "check" not in one])
async def test_no_form_is_done_without_its_mark(team, path):
    answer = await team.post(path, {"move": "retire", "agent": "mara"})
    assert answer.status_code == 403
    assert (await find_in_roster(team.app, ROOT, "mara")).agent.state == "live"


async def test_the_same_press_twice_is_one_move(team):
    marks = await team.marks("/agents/mara")
    for _ in range(2):
        answer = await team.post("/agents/mara/move", {"move": "pause"} | marks)
        assert answer.status_code == 303
    assert (await find_in_roster(team.app, ROOT, "mara")).agent.state == "paused"


async def test_a_check_changes_nothing(team):
    before = await find_in_roster(team.app, ROOT, "mara")
    answer = await team.post(
        "/agents/mara/check",
        {"display_name": "Other", "model": "acme/x", "system_prompt": "x" * 400},
    )
    assert "About 100 tokens" in answer.text
    assert "It can be saved" in answer.text
    assert await find_in_roster(team.app, ROOT, "mara") == before


async def test_a_secret_in_a_definition_is_refused_and_not_repeated_by_the_answer(team):
    marks = await team.marks("/agents/mara/config")
    secret = "sk-ant-api03-" + "Qm7Zt2Kx9Lp4Vn8Rw3Yb" * 4 + "-AA"
    typed = {"display_name": "Mara", "model": "scripted/mara", "system_prompt": f"Use {secret}."}
    answer = await team.post("/agents/mara/config", typed | marks)
    assert answer.status_code == 422
    assert "credentials set" in answer.text


async def test_pages_of_a_full_roster_stay_light(team):
    for number in range(36):
        definition = mara(id=f"agent-{number}", display_name=f"Agent {number}")
        await save_agent(team.app, ROOT, NewVersion(definition))
        await worked(team.app, definition, 100 + number)
    for path in ("/agents", "/dashboards", "/agents/mara/config"):
        answer = await team.get(path, **{"Accept-Encoding": "gzip"})
        assert int(answer.headers["content-length"]) < 40_000, path


async def test_templates_and_their_forms_are_whole(team):
    page = (await team.get("/new/agent?template=implementer")).text
    assert json.dumps("implementer")[1:-1] in page
    assert (await team.get("/templates/nobody")).status_code == 404
    assert (await team.get("/new/agent?template=nobody")).status_code == 404


async def test_nothing_typed_is_lost_where_somebody_may_not_save(team):
    await team.sign_in("mia")
    await set_member(team.app, ROOT, "auth", "person:mia", "maintainer")
    marks = await team.marks("/new/agent")
    typed = {
        "id": "iris",
        "display_name": "Iris",
        "model": "acme/x",
        "system_prompt": "A long text of mine.",
    }
    answer = await team.post("/agents", typed | marks)
    assert answer.status_code == 403
    assert "A long text of mine." in answer.text
    answer = await team.post("/agents/mara/config", typed | marks)
    assert answer.status_code == 403
    assert "A long text of mine." in answer.text
    answer = await team.post("/agents", typed | {"space": "nowhere"} | marks)
    assert answer.status_code == 422
    answer = await team.post("/agents", typed | {"space": "auth"} | marks)
    assert answer.status_code == 303
    assert (await find_in_roster(team.app, ROOT, "iris")).agent.spaces == ("auth",)


async def test_models_are_tried_by_those_who_may(team):
    await team.sign_in("mia")
    await set_member(team.app, ROOT, "auth", "person:mia", "maintainer")
    assert "Ask it one word" not in (await team.get("/models")).text
    answer = await team.post("/models", {"model": "acme/x"} | await team.marks("/new/agent"))
    assert answer.status_code == 403


async def test_limits_are_set_seen_and_removed_where_models_are(team):
    marks = await team.marks("/new/agent")
    bounds = {"at_once": "3", "per_minute": "60", "tokens_per_minute": "1000000000"}
    wish = {"name": "provider:scripted"} | bounds
    assert (await team.post("/models/limits", wish | marks)).status_code == 303
    shown = (await team.get("/models")).text
    assert "provider:scripted" in shown
    said = "at most 3 at a time, 60 a minute, 6 of them at once, 1,000,000,000 tokens a minute"
    assert said in shown
    assert "has room" in shown
    for n in range(3):
        room = [Ask("provider:scripted")]
        assert await team.app.ports.slots.take(f"R-{n}", room) is None
    assert ">full<" in (await team.get("/models")).text
    marks = await team.marks("/new/agent")
    removed = await team.post("/models/limits/remove", {"name": "provider:scripted"} | marks)
    assert removed.status_code == 303
    assert await team.app.ports.slots.limiter.limited(("provider:scripted",)) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "moon:x", "at_once": "3"},
        {"name": "provider:p"},
        {"name": "provider:p", "at_once": "many"},
        {"name": "provider:p", "at_once": "0"},
        {"name": "agent:a", "tokens_per_minute": "1000"},
        {"name": "<script>alert(1)</script>", "at_once": "3"},
    ],
)
async def test_what_is_no_limit_is_said_to_be_none_and_nothing_typed_is_lost(team, wrong):
    marks = await team.marks("/new/agent")
    answer = await team.post("/models/limits", wrong | marks)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert await team.app.ports.slots.limiter.standings() == []


async def test_limits_are_not_set_by_members(team):
    await team.sign_in("mia")
    marks = await team.marks("/new/agent")
    wish = {"name": "provider:scripted", "at_once": "3"}
    assert (await team.post("/models/limits", wish | marks)).status_code == 403
    assert "Set a limit" not in (await team.get("/models")).text
