"""The pages of threads over the wire: parts for scripts, addresses that name nothing, forms that do not fit."""

import re

import pytest

from callboard.domain.definition.agent import AgentDefinition
from callboard.testing.model import Script, ScriptedProvider, Turn
from callboard.testing.rig import rig
from callboard.testing.store.samples import SampleLog
from callboard.testing.store.threads import ThreadLog
from callboard.usecases.app import App
from tests.usecases.lone_runs import begun, to_the_end
from tests.web.conftest import opened

pytestmark = pytest.mark.anyio

TALKER = AgentDefinition(id="talker", display_name="Talker", model="scripted/talker")


async def a_thread(app: App, run_id: str = "r1") -> ThreadLog:
    log = ThreadLog(run_id)
    await SampleLog.created_in(log, app.ports.store)
    for number in range(5):
        log.say(f"Message {number}", f"c{number}")
        log.begin(f"c{number}")
        log.end(f"c{number}", fails=number == 3)
    log.change("a.py")
    await log.kept_in(app.ports.store)
    return log


@pytest.mark.parametrize(
    "path",
    [
        "/runs/nope",
        "/runs/nope/events/1",
        "/runs/r1/events/999",
        "/runs/r1/events/0",
        "/runs/r1/events/x",
        "/runs/..%2f..%2fetc",
        "/runs/nope/diff",
        "/tasks/NOPE-1",
        "/tasks/nope",
        "/tasks/NOPE-1/runs/99999999",
        "/compare?a=r1&b=nope",
    ],
)
async def test_what_is_not_there_is_called_that(ann, path):
    await a_thread(ann.app)
    answer = await ann.get(path)
    assert answer.status_code in (404, 422)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=-1",
        "after=99999999999999999999",
        "around=0",
        "around=999999",
        "at=0",
        "at=99999",
        "show=<script>",
        "q=%00",
        "q=%22%27%3Cscript%3E",
        "q=" + "x" * 900,
        "part=nonsense",
        "show=failures&q=found&before=3",
        "idle=hidden",
    ],
)
async def test_an_odd_address_is_read_as_far_as_it_can_be(ann, query):
    await a_thread(ann.app)
    answer = await ann.get(f"/runs/r1?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace('<script type="module"', "")


async def test_parts_of_a_thread_come_without_the_page_around_them(ann):
    await a_thread(ann.app)
    rows = await ann.get("/runs/r1?part=rows")
    assert rows.text.count("<article") == 12
    assert "<html" not in rows.text
    around = await ann.get("/runs/r1?part=around")
    assert set(re.findall(r'data-around="([a-z]+)"', around.text)) == {
        *("state", "actions", "rail", "dialogs", "foot")
    }
    body = await ann.get("/runs/r1/events/4?part=body")
    assert "<html" not in body.text


async def test_every_row_is_on_exactly_one_page_whichever_way_somebody_walks(ann):
    log = ThreadLog("r1")
    await SampleLog.created_in(log, ann.app.ports.store)
    for number in range(400):
        log.comment(f"Comment {number}")
    await log.kept_in(ann.app.ports.store)
    seen, path = [], "/runs/r1?part=rows"
    while path:
        text = (await ann.get(path)).text
        seen = re.findall(r'<article[^>]* id="(e\d+)"', text) + seen
        older = re.search(r'data-older><a href="([^"]+)"', text)
        path = older and older[1].replace("&amp;", "&") + "&part=rows"
    assert len(seen) == len(set(seen)) == 401


async def test_whoever_may_only_look_is_told_why_they_cannot_act(ann):
    await a_thread(ann.app)
    await ann.sign_in("root2", "owner")
    owner = (await ann.get("/runs/r1")).text
    assert 'popovertarget="act-cancel"' in owner
    assert 'popovertarget="act-fork"' in owner
    await ann.sign_in("zoe")
    assert (await ann.get("/runs/r1")).status_code == 404


async def test_a_form_that_does_not_fit_keeps_what_was_typed(ann):
    await a_thread(ann.app)
    marks = await ann.marks("/runs/r1")
    typed = {"at": "many", "prompt": "And be quick."}
    answer = await ann.post("/runs/r1/fork", typed | marks)
    assert answer.status_code == 422
    assert "no number of an event" in answer.text
    assert 'value="many"' in answer.text
    assert "And be quick.</textarea>" in answer.text


async def test_the_list_of_runs_is_filtered_and_walked_through(ann):
    for number in range(60):
        await a_thread(ann.app, f"run{number}")
    first = (await ann.get("/runs")).text
    assert first.count("<tr id=") == 50
    older = re.search(r'<p class="pager"><a href="([^"]+)"', first)
    assert older is not None
    rest = (await ann.get(older[1].replace("&amp;", "&"))).text
    assert rest.count("<tr id=") == 10
    failed = (await ann.get("/runs?status=failed&below=1")).text
    assert failed.count("<tr id=") == 0
    assert "Nothing fits" in failed
    assert 'href="/runs?status=waiting&amp;below=1"' in failed
    assert 'href="/runs?status=failed"' in failed
    assert (await ann.get("/runs?since=x&id=y&status=nonsense")).status_code == 200


async def test_the_rows_of_the_list_of_runs_are_had_alone(ann):
    await a_thread(ann.app)
    rows = (await ann.get("/runs?part=rows")).text
    assert rows.count("<tr id=") == 1
    assert "<table" not in rows


async def test_two_runs_are_compared_and_nothing_is_asked_of_nobody(ann):
    await a_thread(ann.app)
    await a_thread(ann.app, "r2")
    page = await ann.get("/compare?a=r1&b=r2")
    assert page.status_code == 200
    assert re.search(r"The first \d+ events say the same\.", page.text)
    assert (await ann.get("/compare")).status_code == 200


async def test_a_run_that_stopped_says_so_and_goes_on_when_somebody_presses_it():
    app = rig(ScriptedProvider({"talker": Script(turns=(Turn(text="Done."),))}), TALKER)
    async with opened(app) as browser:
        await browser.sign_in("ann", "owner")
        await (await begun(app, agent=TALKER)).release()
        assert "Stopped" in (await browser.get("/runs?part=rows")).text
        thread = (await browser.get("/runs/r")).text
        assert ("Stopped" in thread, 'action="/runs/r/resume"' in thread) == (True, True)
        async with to_the_end(app):
            answer = await browser.post("/runs/r/resume", await browser.marks("/runs/r"))
            assert answer.headers["location"] == "/runs/r"
        thread = (await browser.get("/runs/r")).text
        assert ("Stopped" in thread, 'action="/runs/r/resume"' in thread) == (False, False)


async def test_a_run_that_cannot_go_on_here_stays_and_its_page_says_why():
    app = rig(ScriptedProvider({}), TALKER)
    async with opened(app) as browser:
        await browser.sign_in("ann", "owner")
        lost = TALKER.model_copy(update={"spawnable_agents": ("stranger",)})
        await (await begun(app, agent=lost)).release()
        answer = await browser.post("/runs/r/resume", await browser.marks("/runs/r"))
        assert answer.status_code == 422
        assert "It needs the agent stranger" in answer.text
        assert "Stopped" in (await browser.get("/runs/r")).text


async def test_the_time_of_a_run_that_stopped_does_not_go_on(ann):
    took = re.compile(r"<dt>Cycle time</dt><dd>([^<]+)</dd>")
    log = await begun(ann.app, agent=TALKER)
    await ann.app.ports.clock.sleep(600)
    assert took.findall((await ann.get("/runs/r")).text) == ["10 min"]
    await log.release()
    assert took.findall((await ann.get("/runs/r")).text) == ["0.0 s"]
