"""Workflows, schedules, hooks and webhooks in the browser."""

import re

import pytest
from playwright.sync_api import expect

from callboard.usecases.schedules import show_schedule
from tests.browser.served import ROOT
from tests.browser.work import SCRIPTS, WRITER, set_up

NEW_STEP = """- id: check
  title: Second look
  agent: ghost
  verdict: {}
  on_reject: write
"""


@pytest.fixture
def site(serve, tmp_path):
    site = serve(WRITER, scripts=SCRIPTS)
    set_up(site, tmp_path / "repository")
    return site


@pytest.fixture
def mia(site, browser):
    return browser.open(site, as_="mia")


def test_a_workflow_is_drawn_with_its_steps_and_its_checks(site, mia, axe, picture):
    mia.goto("/workflows")
    axe(mia)
    mia.get_by_role("link", name="Write, sign off").click()
    drawing = mia.get_by_role("region", name="Drawing of the workflow")
    drawing.get_by_role("link", name=re.compile("Writing")).click()
    expect(mia.locator("[aria-current=step] b")).to_have_text("Writing")
    checks = mia.get_by_role("region", name="Checks")
    expect(checks.get_by_text("There is somebody for every step")).to_be_visible()
    axe(mia)
    picture(mia, "workflow")


def test_a_change_of_a_workflow_is_checked_drawn_and_goes_live(site, mia, browser, axe, picture):
    browser.expect_complaints("422")
    mia.goto("/workflows/flow/edit")
    text = mia.get_by_label("The workflow, in YAML")
    before = text.input_value()
    text.fill("id: flow\nsteps: [")
    mia.get_by_role("button", name="Make it live").click()
    expect(mia.get_by_role("alert")).to_contain_text("problem")
    expect(text).to_have_value("id: flow\nsteps: [")
    text.fill(before + NEW_STEP)
    mia.get_by_label("What changes, in a line").fill("Two see more than one.")
    mia.get_by_role("button", name="Check and draw").click()
    expect(mia.get_by_text("nobody for Second look (agent ghost)")).to_be_visible()
    expect(mia.get_by_role("link", name=re.compile("Second look"))).to_be_visible()
    expect(mia.get_by_role("region", name="What changes")).to_contain_text("Second look")
    axe(mia)
    picture(mia, "workflow-edit")
    mia.get_by_role("button", name="Make it live").click()
    expect(mia.get_by_role("alert")).to_contain_text("A check fails")
    mia.get_by_label("Make it live although a check fails").check()
    mia.get_by_role("button", name="Make it live").click()
    expect(mia.get_by_text("Version 2 is live for tasks to come.")).to_be_visible()
    mia.get_by_role("link", name="Versions").click()
    expect(mia.locator(".diff-lines")).to_contain_text("Second look")
    axe(mia)
    mia.get_by_role("button", name="Make it live again").click()
    mia.get_by_role("dialog").get_by_role("button", name="Make it live again").click()
    expect(mia.get_by_text("Version 1 is live again.")).to_be_visible()


def test_what_a_text_comes_to_is_shown_while_somebody_types(site, mia):
    mia.goto("/workflows/flow/edit")
    text = mia.get_by_label("The workflow, in YAML")
    text.fill(text.input_value() + NEW_STEP)
    expect(mia.get_by_text("nobody for Second look (agent ghost)")).to_be_visible()
    expect(mia.get_by_role("link", name=re.compile("Second look"))).to_be_visible()
    expect(mia.get_by_label("Make it live although a check fails")).not_to_be_checked()
    text.fill("id: flow")
    expect(mia.get_by_role("alert")).to_contain_text("problem")
    expect(mia.get_by_role("link", name=re.compile("Second look"))).to_be_visible()
    expect(text).to_be_focused()


def test_a_new_workflow_begins_with_one_that_is_there(site, browser, axe):
    site.person("olga", "owner")
    olga = browser.open(site, as_="olga")
    olga.goto("/workflows/bug-fix")
    olga.get_by_role("link", name="Start from it").click()
    text = olga.get_by_label("The workflow, in YAML")
    text.fill(text.input_value().replace("id: bug-fix", "id: our-bugs", 1))
    olga.get_by_role("button", name="Check and draw").click()
    axe(olga)
    olga.get_by_role("button", name="Make it live").click()
    expect(olga).to_have_url(re.compile("/workflows/our-bugs$"))


def test_viewers_see_workflows_and_change_none(site, browser):
    browser.expect_complaints("403")
    vic = browser.open(site, as_="vic")
    vic.goto("/workflows/flow")
    expect(vic.get_by_role("heading", name="Write, sign off")).to_be_visible()
    expect(vic.get_by_role("link", name="Edit")).to_have_count(0)
    vic.goto("/workflows/flow/edit")
    expect(vic.get_by_text("Not yours to change")).to_be_visible()


def test_a_schedule_is_added_changed_run_and_paused(site, mia, browser, axe, picture):
    browser.expect_complaints("422")
    mia.goto("/schedules")
    axe(mia)
    mia.get_by_role("link", name="Add the first one").click()
    mia.get_by_label("Name", exact=False).first.fill("nightly")
    mia.get_by_label("Due").fill("every night")
    mia.get_by_label("Title of its tasks").fill("Update of {{ date }}")
    axe(mia)
    mia.get_by_role("button", name="Add it").click()
    expect(mia.get_by_role("alert")).to_be_visible()
    expect(mia.get_by_label("Title of its tasks")).to_have_value("Update of {{ date }}")
    mia.get_by_label("Due").fill("0 2 * * *")
    mia.get_by_label("In the time of").select_option("Europe/Berlin")
    mia.get_by_role("button", name="Add it").click()
    expect(mia.get_by_role("heading", name="nightly")).to_be_visible()
    mia.get_by_role("link", name="Change").click()
    mia.get_by_label("Due").fill("30 3 * * *")
    mia.get_by_role("button", name="Keep it").click()
    expect(mia.get_by_text("30 3 * * *")).to_be_visible()
    mia.get_by_role("button", name="Run now").click()
    expect(mia.get_by_text("AUTH-1 is started.")).to_be_visible()
    # By way of links: the page may show itself anew just now.
    mia.get_by_role("link", name="Schedules", exact=True).click()
    mia.get_by_role("link", name="nightly").click()
    expect(mia.get_by_role("region", name="What came of it").get_by_text("AUTH-1")).to_be_visible()
    axe(mia)
    picture(mia, "schedule")
    mia.get_by_role("button", name="Pause").click()
    expect(mia.get_by_text("not while it is paused")).to_be_visible()
    assert site.do(lambda app: show_schedule(app, ROOT, "nightly")).schedule.paused
    mia.get_by_role("button", name="Remove it").click()
    mia.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(mia.get_by_text("nightly is gone.")).to_be_visible()


def test_the_secret_of_a_hook_is_shown_once(site, mia, browser, axe):
    browser.expect_complaints("422")
    mia.goto("/hooks")
    axe(mia)
    mia.get_by_role("link", name="Add the first one").click()
    mia.get_by_label("Name", exact=False).first.fill("issues")
    mia.get_by_label("Only when").fill("nonsense")
    mia.get_by_label("Title of its tasks").fill("{{ issue.title }}")
    axe(mia)
    mia.get_by_role("button", name="Add it").click()
    expect(mia.get_by_role("alert")).to_contain_text("is no condition")
    mia.get_by_label("Only when").fill("issue.state = open, reopened")
    mia.get_by_role("button", name="Add it").click()
    secret = mia.locator("#secret-text").inner_text()
    assert len(secret) > 30
    axe(mia)
    mia.get_by_role("link", name="I have it").click()
    expect(mia.get_by_text(f"{site.base}/hooks/issues")).to_be_visible()
    assert secret not in mia.content()
    mia.get_by_role("button", name="Remove it").click()
    mia.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(mia.get_by_text("issues is gone.")).to_be_visible()


def test_a_webhook_is_added_and_its_messages_are_listed(site, mia, browser, axe):
    browser.expect_complaints("422")
    mia.goto("/new/webhook")
    mia.get_by_label("Name", exact=False).first.fill("chat")
    mia.get_by_label("Address").fill("https://user:secret@example.org/x")
    mia.get_by_label("task.failed").check()
    mia.get_by_role("button", name="Add it").click()
    expect(mia.get_by_role("alert")).to_contain_text("without a name or password")
    expect(mia.get_by_label("task.failed")).to_be_checked()
    axe(mia)
    mia.get_by_label("Address").fill("https://example.org/x")
    mia.get_by_role("button", name="Add it").click()
    first = mia.locator("#secret-text").inner_text()
    mia.get_by_role("link", name="I have it").click()
    expect(mia.get_by_role("heading", name="Nothing was sent")).to_be_visible()
    axe(mia)
    mia.get_by_role("button", name="New secret").click()
    mia.get_by_role("dialog").get_by_role("button", name="New secret").click()
    expect(mia.locator("#secret-text")).not_to_have_text(first)
    mia.goto("/webhooks")
    expect(mia.get_by_role("link", name="chat")).to_be_visible()
    axe(mia)
