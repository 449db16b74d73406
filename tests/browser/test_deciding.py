"""Decisions in the thread of a task: approved, rejected with a reason, decided elsewhere, forked, compared."""

import re
import subprocess
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.message import JsonObject
from callboard.domain.org.principal import as_owner
from callboard.domain.workflow import WorkflowDefinition
from callboard.testing.model import Script, ScriptedCall, Turn
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.queueing import queue_task
from callboard.usecases.spaces import NewSpace, create_space
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.workflows import apply_workflow
from tests.browser.served import ROOT

WRITER = AgentDefinition.model_validate(
    {
        "id": "writer",
        "display_name": "Mara",
        "model": "scripted/writer",
        "tool_names": ("write_file", "read_files"),
        "limits": {"cost_usd": 25},
    }
)
FLOW = WorkflowDefinition.model_validate(
    {
        "id": "flow",
        "title": "Ship a change",
        "steps": [
            {"kind": "agent", "id": "implement", "title": "Implement", "agent": "writer"},
            {"kind": "people", "id": "sign-off", "title": "Sign-off", "on_reject": "implement"},
        ],
    }
)


def writes(text):
    call = ScriptedCall(
        tool="write_file", arguments={"path": "lease.py", "instructions": "x", "content": text}
    )
    return Turn(text="I move the renewal.", calls=(call,), cost_usd=Decimal("0.5")), Turn(
        text="It is **moved**.", cost_usd=Decimal("0.25")
    )


@pytest.fixture
def team(serve, tmp_path):
    """A space with a repository, and a task that waits for its sign-off."""
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "lease.py").write_text("old = 1\n")
    for command in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"),
    ):
        subprocess.run(("git", *command), cwd=repository, check=True)
    site = serve(
        WRITER, scripts={"writer": Script(turns=(*writes("new = 2\n"), *writes("new = 3\n")))}
    )
    site.person("ann", "owner")
    site.person("lee", "owner")
    space = NewSpace("platform", "Platform", "PLT", repository=str(repository), workflow="flow")
    site.do(lambda app: create_space(app, ROOT, space))
    site.do(lambda app: apply_workflow(app, ROOT, FLOW))
    site.do(
        lambda app: create_task(app, ROOT, "platform", NewTask("Move lease renewal into the queue"))
    )
    site.do(lambda app: queue_task(app, ROOT, "PLT-1"))
    return site


@pytest.fixture
def page(team, browser):
    page = browser.open(team, as_="ann")
    page.goto("/tasks/PLT-1")
    return page


def waits(page):
    expect(page.get_by_role("button", name="Approve")).to_be_visible(timeout=60_000)


def test_a_task_is_signed_off_with_the_keyboard_alone(page, axe, picture):
    waits(page)
    expect(page.get_by_text("1 file changed")).to_be_visible()
    axe(page)
    picture(page, "task-sign-off")
    page.keyboard.press("d")
    page.keyboard.type("Looks right.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").first).to_contain_text("recorded")
    expect(page.locator(".ev-ended")).to_be_visible(timeout=60_000)
    expect(page.locator(".ev-asked-approved")).to_contain_text("ann")
    expect(page.locator("[data-around=state]")).to_have_text("Done")
    expect(page.locator(".steps .is-done")).to_have_count(2)


def test_a_rejection_needs_its_reason_and_sends_the_work_back(page, browser):
    browser.expect_complaints("422")
    waits(page)
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    page.get_by_label("Comment").fill("It must be 3.")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status").first).to_contain_text("recorded")
    expect(page.locator(".ev-asked-rejected")).to_contain_text("It must be 3.")
    expect(page.locator(".ev-step", has_text="Implement attempt 2")).to_be_attached(timeout=60_000)
    waits(page)


def test_a_decision_made_elsewhere_replaces_the_bar_and_keeps_what_was_typed(team, page):
    waits(page)
    page.get_by_label("Comment").fill("I think that")
    found = team.do(lambda app: open_gate(app, ROOT, "PLT-1-1"))
    lee = as_owner(Actor(kind="person", name="lee"))
    team.do(
        lambda app: record_decision(
            app, lee, found.row.run_id, Decision("approve", "fine"), digest=found.gate.digest
        )
    )
    expect(page.locator(".ev-asked-approved")).to_contain_text("lee")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.locator("[data-foot] textarea")).to_have_value("I think that")


def test_a_stale_decision_is_refused_and_said(team, browser, page):
    browser.expect_complaints("422", "409", "404")
    waits(page)
    digest = page.locator("input[name=digest]")
    digest.evaluate("(one) => (one.value = 'stale')")
    page.get_by_label("Comment").fill("Yes")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Comment")).to_have_value("Yes")


def test_a_run_is_forked_and_compared_with_where_it_came_from(page, browser, axe, picture):
    browser.expect_complaints("422")
    waits(page)
    page.locator(".ev-k-helper a").first.click()
    expect(page.get_by_role("heading", name="Mara", level=1)).to_be_visible()
    page.get_by_role("button", name="Fork").click()
    expect(page.get_by_role("dialog")).to_contain_text("at most $25.00")
    page.get_by_role("dialog").get_by_label("After event number").fill("3000")
    page.get_by_role("dialog").get_by_label("One more thing to say").fill("Be quick.")
    page.get_by_role("dialog").get_by_role("button", name="Fork").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("3000")
    expect(page.get_by_role("dialog").get_by_label("One more thing")).to_have_value("Be quick.")
    page.get_by_role("dialog").get_by_label("One more thing").fill("")
    page.get_by_role("dialog").get_by_label("After event number").fill("3")
    page.get_by_role("dialog").get_by_role("button", name="Fork").click()
    expect(page.get_by_role("status").first).to_contain_text("Forked from")
    page.get_by_role("link", name="compare").click()
    expect(page.get_by_role("heading", name="Where they part")).to_be_visible()
    expect(page.get_by_text("The first 3 events say the same.")).to_be_visible()
    axe(page)
    picture(page, "compare")


def test_cancelling_says_what_happens_and_can_be_started_again(page):
    waits(page)
    page.get_by_role("button", name="Cancel X").click()
    expect(page.get_by_role("dialog")).to_contain_text("$0.75 is spent so far")
    page.get_by_label("Why").fill("Not needed")
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("[data-around=state]")).to_have_text("Cancelled")
    page.get_by_role("button", name="Start again").click()
    page.get_by_role("dialog").get_by_role("button", name="Start again").click()
    expect(page.get_by_text(re.compile(r"1\s+2\s+of 2"))).to_be_visible(timeout=60_000)


def test_an_agent_s_question_is_answered_with_one_press(serve, browser, picture, tmp_path):
    question: JsonObject = {
        "question": "Which currency do vouchers have?",
        "options": [
            {"label": "Leave them", "description": "New ones only."},
            {"label": "Change them too", "description": "One pass over everything."},
        ],
    }
    asked: JsonObject = {"questions": [question]}
    asks = ScriptedCall(tool="ask_user", arguments=asked)
    agent = WRITER.model_copy(update={"tool_names": ("ask_user",)})
    site = serve(agent, scripts={"writer": Script(turns=(Turn(calls=(asks,)), Turn(text="Left.")))})
    ann = site.person("ann", "owner")
    place = tmp_path / "work"
    place.mkdir()
    wish = StartRun("r1", "writer", str(place), "go", on_limit="wait")
    site.do(lambda app: start_run(app, ann, wish))
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1")
    expect(page.locator(".ev-question")).to_contain_text("One pass over everything.")
    picture(page, "question")
    page.get_by_role("button", name="Leave them").click()
    expect(page.get_by_role("status").first).to_contain_text("recorded")
    expect(page.locator(".ev-note")).to_contain_text("Leave them")
    expect(page.locator(".ev-ended")).to_contain_text("Left.", timeout=60_000)
