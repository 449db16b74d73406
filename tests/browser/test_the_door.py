"""Before anybody is known: the first owner, signing in and out, and forms that outlive a session."""

from playwright.sync_api import expect

from callboard.usecases.first_owner import new_setup_link
from callboard.usecases.signing_in import set_password
from tests.browser.served import ROOT

PASSWORD = "correct horse battery"


def sign_in(page, name="ann"):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def known(site, name="ann", role="owner"):
    site.person(name, role)
    site.do(lambda app: set_password(app, ROOT, name, PASSWORD))


def test_the_first_owner_begins_with_the_link_that_was_printed(site, browser, axe):
    link = site.do(new_setup_link)
    page = browser.open(site)
    page.goto(f"/setup?link={link}")
    axe(page)
    page.get_by_label("Short name").fill("ann")
    page.get_by_label("Your name").fill("Ann <b>Lee</b>")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("status").first).to_contain_text("Ann <b>Lee</b>")
    expect(page).to_have_url(f"{site.base}/")


def test_whoever_is_not_known_signs_in_and_goes_where_they_wanted_to(site, browser, axe):
    known(site)
    page = browser.open(site)
    page.goto("/settings?tab=keys")
    expect(page).to_have_title("Sign in · Callboard")
    axe(page)
    sign_in(page)
    expect(page).to_have_url(f"{site.base}/settings?tab=keys")


def test_a_wrong_password_is_not_told_from_a_wrong_name(site, browser):
    browser.expect_complaints("401")
    known(site)
    page = browser.open(site)
    for name in ("ann", "nobody"):
        page.goto("/sign-in")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill("not the password")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
        expect(page.get_by_label("Name")).to_have_value(name)


def test_where_to_go_after_signing_in_is_never_another_site(site, browser):
    known(site)
    page = browser.open(site)
    page.goto("/sign-in?next=https://evil.example/")
    sign_in(page)
    expect(page).to_have_url(f"{site.base}/")


def test_dark_and_light_are_chosen_and_kept(site, browser):
    site.person("ann", "owner")
    page = browser.open(site, as_="ann")
    page.goto("/settings")
    page.get_by_role("button", name="Show everything dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/settings")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_signing_out_ends_the_session_for_good(site, browser):
    site.person("ann", "owner")
    page = browser.open(site, as_="ann")
    page.goto("/settings")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · Callboard")
    page.goto("/settings")
    expect(page).to_have_title("Sign in · Callboard")


def test_on_their_own_machine_somebody_alone_need_not_sign_in(site, browser):
    page = browser.open(site)
    page.goto("/settings")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
