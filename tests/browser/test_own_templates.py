"""Roles of the organisation's own, in the gallery."""

from playwright.sync_api import expect

from callboard.usecases.roster import NewVersion, save_agent
from tests.browser.served import ROOT
from tests.usecases.test_roster import writer


def test_an_agent_is_kept_as_a_template_and_a_new_one_starts_from_it(site, browser, axe, picture):
    site.person("ann", "owner")
    site.do(lambda app: save_agent(app, ROOT, NewVersion(writer("Write plainly."))))
    page = browser.open(site, as_="ann")
    page.goto("/templates")
    page.get_by_label("Called").fill("house-writer")
    page.get_by_label("A task for it").fill("Write about **ships**.")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("Write plainly.")).to_be_visible()
    expect(page.locator("strong", has_text="ships")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Use it").click()
    expect(page.get_by_text("Write plainly.").first).to_be_visible()
    page.goto("/templates")
    expect(page.get_by_text("our own")).to_be_visible()
    picture(page, "templates")


def test_the_lists_of_a_prompt_have_their_marks(site, browser):
    prompt = "How:\n\n- Be plain.\n\nThen:\n\n1. Read.\n2. Write."
    site.person("ann", "owner")
    site.do(lambda app: save_agent(app, ROOT, NewVersion(writer(prompt))))
    page = browser.open(site, as_="ann")
    page.goto("/templates")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("listitem").filter(has_text="Be plain.")).to_have_css(
        "list-style-type", "disc"
    )
    expect(page.get_by_role("listitem").filter(has_text="Write.")).to_have_css(
        "list-style-type", "decimal"
    )
