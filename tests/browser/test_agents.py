"""The roster and its agents: who is there, how they do, how one is written, released, taken back."""

from typing import Any

import pytest
from playwright.sync_api import expect

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import CallboardError
from callboard.testing.model import Script, Turn
from callboard.usecases.roster import NewVersion, change_agent, save_agent
from callboard.usecases.roster_moves import pause_agent, promote_agent
from callboard.usecases.roster_reading import find_in_roster
from callboard.usecases.spaces import NewSpace, create_space, set_member
from tests.browser.conftest import PHONE
from tests.browser.past import worked
from tests.browser.served import ROOT

NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
PROMPT = "You are Mara, a backend engineer.\nWork in small steps.\nAlways run the tests.\n"


def agent(id_="mara", prompt=PROMPT, **fields: Any):
    plain = {
        "id": id_,
        "display_name": id_.title(),
        "model": "scripted/mara",
        "tool_names": ("read_files", "end_turn"),
        "system_prompt": prompt,
        "spawner_prompt": "Backend engineer. Writes code.",
        "skills": ("python",),
    }
    return AgentDefinition.model_validate(plain | fields)


def saved(site, definition, *, live=True, spaces=None):
    version = site.do(
        lambda app: save_agent(app, ROOT, NewVersion(definition, spaces, note="First."))
    )
    if live:
        site.do(lambda app: promote_agent(app, ROOT, definition.id, version.number))
    return definition


@pytest.fixture
def site(serve):
    site = serve(scripts={"mara": Script(turns=(Turn(text="ready"),) * 5)})
    site.person("ann", "owner")
    site.person("vic")
    site.do(lambda app: create_space(app, ROOT, NewSpace("auth", "Sign-in", "AUTH")))
    site.do(lambda app: set_member(app, ROOT, "auth", "person:vic", "viewer"))
    return site


@pytest.fixture
def page(site, browser):
    return browser.open(site, as_="ann")


def find(site, name="mara"):
    return site.do(lambda app: find_in_roster(app, ROOT, name))


def filled(site, definition, count=24):
    async def past(app):
        for number in range(1, count + 1):
            outcome = "failed" if number % 6 == 0 else "passed"
            await worked(
                app,
                definition,
                number,
                days_ago=number % 20,
                cost=f"0.{20 + number}",
                outcome=outcome,
            )

    site.do(past)


def test_an_empty_roster_says_how_to_begin(page, axe):
    page.goto("/agents")
    expect(page.get_by_role("heading", name="No agents yet")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Start from a template").click()
    expect(page.get_by_role("heading", name="Templates", level=1)).to_be_visible()
    axe(page)


def test_the_roster_shows_what_agents_do_and_cost(site, page, axe, picture):
    filled(site, saved(site, agent()))
    saved(site, agent("otto", model="acme/large", spawner_prompt="Test engineer."))
    saved(site, agent("iris"), live=False)
    page.goto("/agents")
    row = page.get_by_role("row", name="Mara v1")
    expect(row).to_contain_text("83.3%")
    expect(row).to_contain_text("Idle")
    expect(row.get_by_role("img", name="in 14 days")).to_be_visible()
    axe(page)
    picture(page, "roster")
    page.get_by_role("link", name="Draft 1").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.goto("/agents?sort=tasks")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Mara")
    page.get_by_label("Filter by name, role or model").fill("test engineer")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("link", name="Otto")).to_be_visible()


def test_the_roster_is_walked_through_with_keys(site, page):
    for name in ("mara", "otto"):
        saved(site, agent(name))
    page.goto("/agents")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Mara")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Otto")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_label("System prompt")).to_have_value(PROMPT)


def test_several_agents_are_paused_with_one_press(site, page, browser):
    for name in ("mara", "otto"):
        saved(site, agent(name))
    page.goto("/agents")
    page.get_by_label("Choose Mara").check()
    page.get_by_label("Choose Otto").check()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status").first).to_contain_text("mara, otto: paused.")
    assert find(site, "otto").agent.state == "paused"
    browser.expect_complaints("422")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("alert")).to_contain_text("choose 1 to")


def test_an_agent_is_made_from_a_template(site, page, axe):
    page.goto("/templates")
    page.get_by_role("link", name="Code Reviewer").click()
    expect(page.get_by_role("heading", name="A task for it")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Use it").click()
    expect(page.get_by_label("System prompt")).not_to_be_empty()
    page.get_by_label("Short name").fill("iris")
    axe(page)
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("This is a draft.")).to_be_visible()
    assert find(site, "iris").agent.state == "draft"


def test_a_form_says_what_is_wrong_while_it_is_written_and_keeps_what_was_typed(
    site, page, browser
):
    browser.expect_complaints("422")
    page.goto("/new/agent")
    page.get_by_label("Short name").fill("mara")
    page.get_by_label("Name", exact=False).nth(1).fill(NASTY)
    page.get_by_label("Model", exact=False).first.fill("acme/large")
    page.get_by_label("System prompt").fill("Say {CALLBOARD_NOTHING}.\n" + NASTY)
    page.get_by_label("Rules on what it does with them").fill("- {effect: maybe, tool: read_files}")
    checks = page.locator("#agent-check")
    expect(checks).to_contain_text("effect")
    expect(checks).to_contain_text("tokens of prompt")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("alert")).to_contain_text("effect")
    expect(page.get_by_label("System prompt")).to_have_value("Say {CALLBOARD_NOTHING}.\n" + NASTY)
    page.get_by_label("Rules on what it does with them").fill("")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NASTY)


def test_a_new_version_is_saved_compared_and_made_live(site, page, axe, picture):
    saved(site, agent(), spaces=("auth",))
    page.goto("/agents/mara/config")
    expect(page.locator("#agent-check")).to_contain_text("Nothing changed yet")
    axe(page)
    picture(page, "agent-config")
    page.get_by_label("System prompt").fill(PROMPT.replace("small steps", "small, reviewed steps"))
    page.get_by_label("What it may do with read_files").select_option("ask")
    expect(page.locator("#agent-check")).to_contain_text("It can be saved")
    page.get_by_label("What is new in this version").fill("Tighten the review rule")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_role("heading", name="Release version 2")).to_be_visible()
    expect(page.locator("ins").first).to_contain_text("reviewed")
    axe(page)
    page.get_by_role("button", name="Make version 2 live").click()
    page.get_by_role("dialog").get_by_role("button").first.wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Make version 2 live").click()
    expect(page.get_by_role("status").first).to_contain_text("Version 2 is live.")
    expect(page.get_by_text("went live")).to_have_count(2)
    axe(page)
    picture(page, "agent-versions")
    listed = find(site)
    assert (listed.agent.live, listed.version.note) == (2, "Tighten the review rule")
    assert listed.version.definition.permissions[0].effect == "ask"


def test_a_new_version_begins_with_the_latest_or_with_the_live_one(site, page):
    saved(site, agent())
    saved(site, agent(prompt="A draft."), live=False)
    page.goto("/agents/mara/config")
    expect(page.get_by_label("System prompt")).to_have_value("A draft.")
    expect(page.locator("#agent-check")).to_contain_text("Nothing changed yet")
    page.get_by_role("link", name="Begin with version 1").click()
    expect(page.get_by_label("System prompt")).to_have_value(PROMPT)
    expect(page.locator("#agent-check")).to_contain_text("Nothing changed yet")
    page.get_by_label("System prompt").fill("Third.")
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("heading", name="Release version 3")).to_be_visible()


def test_what_somebody_else_saved_meanwhile_is_not_written_over(site, page, browser):
    browser.expect_complaints("409")
    saved(site, agent())
    page.goto("/agents/mara/config")
    page.get_by_label("System prompt").fill("Mine.\n")
    site.do(lambda app: save_agent(app, ROOT, NewVersion(agent(prompt="Theirs."))))
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_role("alert").first).to_contain_text("Somebody else changed Mara")
    expect(page.get_by_label("System prompt")).to_have_value("Mine.\n")
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("heading", name="Release version 3")).to_be_visible()


def test_a_version_is_tried_and_taken_back(site, page):
    saved(site, agent())
    saved(site, agent(prompt="Another."), live=False)
    page.goto("/agents/mara/release?version=2")
    page.get_by_label("Its share of the tasks, in percent").fill("25")
    page.get_by_role("button", name="Begin the trial").click()
    expect(page.get_by_text("on trial", exact=True)).to_be_visible()
    assert find(site).agent.trial.share == 0.25
    expect(page.get_by_text("Version 2 is on trial", exact=True)).to_be_visible()
    page.get_by_role("button", name="End the trial").click()
    page.get_by_role("dialog").get_by_role("button", name="End the trial").click()
    expect(page.get_by_role("status").first).to_contain_text("back")
    assert find(site).agent.trial is None


def test_an_agent_at_a_glance_shows_numbers_versions_and_what_changed(site, page, axe, picture):
    first = saved(site, agent())
    filled(site, first)
    second = saved(site, agent(prompt=PROMPT.replace("small steps", "large steps")))
    site.do(lambda app: worked(app, second, 99, cost="1.47"))
    page.goto("/agents/mara")
    expect(page.get_by_text("Cost per task, by version").first).to_be_visible()
    expect(page.locator(".diff")).to_contain_text("large")
    axe(page)
    picture(page, "agent")
    page.get_by_role("navigation", name="Pages of Mara").get_by_role(
        "link", name="Performance"
    ).click()
    expect(page.get_by_role("img", name="Cycle time", exact=False)).to_be_visible()
    page.get_by_text("Show as table").first.click()
    expect(page.get_by_role("table").first).to_be_visible()
    axe(page)
    page.get_by_role("navigation", name="Pages of Mara").get_by_role(
        "link", name="Activity"
    ).click()
    expect(page.get_by_role("link", name="AUTH-99").first).to_be_visible()
    expect(page.get_by_text("moved its versions").first).to_be_visible()
    axe(page)


def test_whoever_only_looks_is_told_who_may_do_more(site, browser, axe):
    saved(site, agent(), spaces=("auth",))
    page = browser.open(site, as_="vic")
    page.goto("/agents/mara/config")
    expect(page.get_by_text("Maintainers of its spaces save versions.")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    axe(page)
    page.goto("/agents/mara/release")
    expect(
        page.get_by_text("Maintainers of its spaces release versions.", exact=False)
    ).to_be_visible()


def test_whoever_maintains_a_part_of_its_scope_is_not_offered_what_would_be_refused(site, browser):
    site.do(lambda app: create_space(app, ROOT, NewSpace("shop", "Shop", "SHOP")))
    site.person("mia")
    site.do(lambda app: set_member(app, ROOT, "auth", "person:mia", "maintainer"))
    saved(site, agent(), spaces=("auth", "shop"))
    saved(site, agent("otto"), spaces=("auth",))
    page = browser.open(site, as_="mia")
    page.goto("/agents/otto")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.goto("/agents/mara")
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_an_agent_of_a_space_of_others_is_not_there(site, browser):
    browser.expect_complaints("404")
    site.do(lambda app: create_space(app, ROOT, NewSpace("shop", "Shop", "SHOP")))
    saved(site, agent(), spaces=("shop",))
    page = browser.open(site, as_="vic")
    for path in ("", "/config", "/versions", "/performance", "/activity", "/release"):
        page.goto(f"/agents/mara{path}")
        expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_everything_can_be_read_and_saved_without_scripts(site, browser):
    saved(site, agent())
    page = browser.open(site, as_="ann", java_script_enabled=False)
    page.goto("/agents")
    page.get_by_role("link", name="Mara").click()
    page.get_by_role("link", name="Configuration").click()
    page.get_by_label("System prompt").fill("Without scripts.")
    page.get_by_role("button", name="Save as version 2").click()
    page.get_by_role("button", name="Make version 2 live").click()
    expect(page.get_by_role("status").first).to_contain_text("Version 2 is live.")


def test_the_roster_and_an_agent_fit_a_phone(site, browser, picture):
    filled(site, saved(site, agent()))
    page = browser.open(site, as_="ann", viewport=PHONE)
    for path in (
        "/agents",
        "/agents/mara",
        "/agents/mara/config",
        "/agents/mara/versions",
        "/dashboards",
    ):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], path
    picture(page, "dashboards-phone")


def test_a_retired_agent_comes_back(site, page):
    saved(site, agent())
    page.goto("/agents/mara/config")
    page.get_by_role("button", name="Retire").click()
    page.get_by_role("dialog").get_by_role("button", name="Retire").click()
    expect(page.get_by_text("Retired", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    assert find(site).agent.state == "live"


@pytest.mark.parametrize(
    "field", ["display_name", "spawner_prompt", "system_prompt", "model", "credential", "skills"]
)
def test_what_an_agent_says_of_itself_is_text(site, page, field):
    nasty: dict[str, Any] = {field: NASTY if field != "skills" else (NASTY,)}
    saved(site, agent(**nasty), live=False)
    saved(site, agent(**({"instructions_prompt": "Other."} | nasty)), live=False)
    for path in (
        "/agents",
        "/agents/mara",
        "/agents/mara/config",
        "/agents/mara/versions",
        "/agents/mara/release",
    ):
        page.goto(path)
        assert page.locator("main script, main img").count() == 0


def test_rows_change_in_place_when_agents_do_and_what_is_chosen_stays(site, page):
    for name in ("mara", "otto"):
        saved(site, agent(name, model=f"scripted/{name}"))
    page.goto("/agents?sort=state")
    page.get_by_label("Choose Otto").check()
    site.do(lambda app: pause_agent(app, ROOT, "mara"))
    expect(page.get_by_role("row", name="Mara v1")).to_contain_text("Paused")
    expect(page.get_by_text("2 rows changed place").first).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Mara")
    expect(page.get_by_label("Choose Otto")).to_be_checked()
    page.get_by_role("link", name="Sort again").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Otto")


def test_where_an_agent_plays_is_changed(site, page):
    saved(site, agent())
    page.goto("/agents/mara/config")
    page.get_by_label("Sign-in").check()
    page.get_by_label("Runs under way at a time").fill("2")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Kept.")
    listed = find(site)
    assert (listed.agent.spaces, listed.agent.at_once) == (("auth",), 2)


def test_numbers_that_no_form_sends_are_refused_as_a_page(site, page, browser):
    browser.expect_complaints("422")
    saved(site, agent())
    saved(site, agent(prompt="Other."), live=False)
    page.goto("/agents/mara/release?version=2")
    share = page.get_by_label("Its share of the tasks, in percent")
    share.evaluate("field => { field.type = 'text'; }")
    share.fill("all of them")
    page.get_by_role("button", name="Begin the trial").click()
    expect(page.get_by_role("alert")).to_contain_text("1 to 100")


def test_an_unknown_agent_is_nowhere(site):
    with pytest.raises(CallboardError):
        site.do(lambda app: change_agent(app, ROOT, "nobody", {}))
