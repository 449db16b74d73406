"""What the keyboard does on every page."""

import pytest
from playwright.sync_api import expect

from callboard.usecases.spaces import NewSpace, create_space
from tests.browser.conftest import PHONE
from tests.browser.served import ROOT


@pytest.fixture
def site(serve):
    site = serve()
    site.person("ann", "owner")
    site.do(lambda app: create_space(app, ROOT, NewSpace("auth", "Sign-in desk", "AUTH")))
    return site


@pytest.fixture
def page(site, browser):
    page = browser.open(site, as_="ann")
    page.goto("/settings")
    return page


def test_control_k_finds_what_somebody_types_and_enter_goes_there(page, axe, picture):
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search and commands")
    expect(field).to_be_focused()
    field.fill("sign-in de")
    option = page.get_by_role("option").filter(has_text="Sign-in desk").first
    expect(option).to_be_visible()
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    axe(page)
    picture(page, "palette")
    while option.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-in desk")


def test_the_palette_says_that_nothing_is_called_so(page, axe):
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search and commands").fill("qqzzqq")
    expect(page.get_by_text("Nothing is called “qqzzqq”")).to_be_visible()
    axe(page)
    page.get_by_role("combobox", name="Search and commands").fill("sign-in de")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(page.get_by_text("Nothing is called")).to_be_hidden()


def test_the_rows_of_a_list_are_no_keys(page):
    page.goto("/workflows")
    expect(page.locator("tr[data-key]").first).to_be_visible()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog").locator("kbd").all_text_contents()
    assert {key for key in keys if key not in ("Ctrl K", "?", "/", "C")} == {
        key for key in keys if key.startswith("G then ")
    }


def test_escape_closes_the_palette_and_focus_returns(page):
    page.get_by_role("link", name="Search").focus()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Search")).to_be_focused()


def test_g_and_a_letter_go_to_a_screen(page):
    page.keyboard.press("g")
    expect(page.get_by_text("Go to…")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("heading", level=1)).to_have_text("Spaces")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", level=1)).to_have_text("New space")


def test_the_question_mark_lists_the_keys_of_the_page(page, axe):
    page.goto("/spaces")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Ctrl K")
    expect(dialog).to_contain_text("G then I")
    expect(dialog).to_contain_text("New space")
    axe(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_keys_do_nothing_while_somebody_types_and_can_be_switched_off(page):
    page.goto("/new/space")
    field = page.get_by_label("Name", exact=False).first
    field.press_sequentially("good c")
    expect(field).to_have_value("good c")
    page.goto("/settings")
    page.get_by_label("Single keys act").uncheck()
    page.get_by_role("button", name="Keep").first.click()
    page.goto("/spaces")
    page.keyboard.press("c")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Spaces")


def test_everything_in_the_navigation_is_reached_by_tab_alone(page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert inside


def test_on_a_phone_the_navigation_is_a_menu(site, browser, axe, picture):
    page = browser.open(site, as_="ann", viewport=PHONE, has_touch=True)
    page.goto("/spaces")
    expect(page.get_by_role("link", name="Audit log")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Audit log")).to_be_visible()
    axe(page)
    picture(page, "phone-menu")
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
