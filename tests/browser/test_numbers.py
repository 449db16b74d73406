"""Dashboards and models: what work cost, down to the runs; which models answer."""

import csv
import io

import pytest
from playwright.sync_api import expect

from callboard.testing.model import Script, Turn
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.roster_moves import promote_agent
from callboard.usecases.spaces import NewSpace, create_space, set_member
from tests.browser.past import worked
from tests.browser.served import ROOT
from tests.browser.test_agents import agent


@pytest.fixture
def site(serve):
    site = serve(scripts={"mara": Script(turns=(Turn(text="ready"),) * 5)})
    site.person("ann", "owner")
    site.person("vic")
    site.do(lambda app: create_space(app, ROOT, NewSpace("auth", "Sign-in", "AUTH")))
    return site


@pytest.fixture
def page(site, browser):
    return browser.open(site, as_="ann")


def at_work(site):
    """Two versions of mara with enough attempts each to compare, and a few of otto, who is called like a formula."""
    mara, better, otto = agent(), agent(prompt="Better."), agent("otto", model="=cmd()/large")

    async def past(app):
        for number, definition in enumerate((mara, better, otto)):
            version = await save_agent(app, ROOT, NewVersion(definition))
            if number != 1:
                await promote_agent(app, ROOT, definition.id, version.number)
        for number in range(1, 61):
            definition = mara if number <= 28 else better if number <= 56 else otto
            outcome = "passed" if number > 28 or number % 2 else "failed"
            cost = "2.00" if number <= 28 else "0.50"
            await worked(app, definition, number, days_ago=number % 25, cost=cost, outcome=outcome)
        await promote_agent(app, ROOT, "mara", 2)

    site.do(past)
    return mara, better


def test_dashboards_without_any_work_say_where_numbers_come_from(page, axe):
    page.goto("/dashboards")
    expect(page.get_by_role("heading", name="No numbers yet")).to_be_visible()
    axe(page)


def test_dashboards_show_cost_errors_time_and_spend(site, page, axe, picture):
    at_work(site)
    page.goto("/dashboards")
    for name in ("Cost per attempt", "Error rate", "Cycle time", "Spend by day"):
        expect(page.get_by_role("img", name=name).first).to_be_visible()
    expect(page.get_by_role("row", name="mara")).to_contain_text("42")
    expect(page.get_by_text("mara v2").first).to_be_attached()
    axe(page)
    picture(page, "dashboards")
    page.get_by_role("link", name="Version", exact=True).click()
    expect(page.get_by_role("row", name="mara v1")).to_contain_text("50.0%")
    expect(page.get_by_role("row", name="mara v2")).to_contain_text("100.0%")


def test_a_second_axis_splits_the_lines_and_each_leads_to_its_runs(site, page):
    at_work(site)
    page.goto("/dashboards?by=agent")
    page.get_by_label("And within that by").select_option("model")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("columnheader", name="Model")).to_be_visible()
    page.get_by_role("row", name="otto").get_by_role("link").click()
    runs = page.get_by_role("link", name=".write-1")
    expect(runs).to_have_count(4)
    expect(runs.first).to_have_attribute("href", "/runs/AUTH-57-1.write-1")


def test_two_versions_are_compared_by_what_can_be_told_from_chance(site, page):
    at_work(site)
    page.goto("/dashboards?by=version&agent=mara")
    page.get_by_label("One version").select_option(label="mara v1")
    page.get_by_label("The other").select_option(label="mara v2")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Accepted more often; costs less.")).to_be_visible()


def test_what_a_day_came_to_is_read_with_the_arrow_keys(site, page):
    at_work(site)
    page.goto("/dashboards")
    chart = page.get_by_role("group", name="Error rate")
    chart.focus()
    page.keyboard.press("ArrowLeft")
    readout = page.locator(".chart-readout").nth(1)
    expect(readout).to_contain_text("Error rate:")
    before = readout.text_content()
    page.keyboard.press("ArrowLeft")
    expect(readout).not_to_have_text(before)


def test_the_table_is_handed_out_as_csv_that_no_spreadsheet_computes(site, page):
    at_work(site)
    page.goto("/dashboards?by=model")
    with page.expect_download() as found:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(found.value.path().read_text())))
    assert [(row["model"], row["attempts"]) for row in rows] == [
        ("'=cmd()/large", "4"),
        ("scripted/mara", "56"),
    ]
    assert rows[1]["cost_usd"] == "70.000000"


def test_numbers_of_spaces_of_others_are_not_counted(site, browser):
    at_work(site)
    page = browser.open(site, as_="vic")
    page.goto("/dashboards")
    expect(page.get_by_role("heading", name="No numbers yet")).to_be_visible()
    site.do(lambda app: set_member(app, ROOT, "auth", "person:vic", "viewer"))
    page.goto("/dashboards")
    expect(page.get_by_role("row", name="mara")).to_be_visible()


def test_models_in_use_are_listed_and_one_is_tried(site, page, axe, picture):
    at_work(site)
    page.goto("/models")
    expect(page.get_by_role("heading", name="Providers")).to_be_visible()
    axe(page)
    page.get_by_role("textbox", name="Model").fill("scripted/mara")
    page.get_by_role("button", name="Ask it one word").click()
    expect(page.get_by_text("Answers")).to_be_visible()
    axe(page)
    picture(page, "models")


def test_a_model_that_cannot_be_asked_says_why(site, page):
    page.goto("/models")
    page.get_by_role("textbox", name="Model").fill("acme/<b>large</b>")
    page.get_by_role("button", name="Ask it one word").click()
    expect(page.get_by_role("status").filter(has_text="What came of it")).to_contain_text(
        "acme/<b>large</b>"
    )
    expect(page.get_by_role("status").filter(has_text="What came of it")).to_contain_text("key")


def test_a_limit_is_set_where_models_are_listed(site, page, axe, picture):
    page.goto("/models")
    form = page.locator("form[action='/models/limits']")
    form.get_by_label("Of").fill("provider:openrouter")
    form.get_by_label("At a time").fill("4")
    form.get_by_role("button", name="Set").click()
    row = page.get_by_role("row", name="provider:openrouter")
    expect(row).to_contain_text("at most 4 at a time")
    axe(page)
    picture(page, "limits")
    row.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("As much goes on as there is work for.")).to_be_visible()
