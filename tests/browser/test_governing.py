"""Spaces, members, credentials, tokens, the audit log: the screens of whoever answers for the organisation."""

import pytest
from playwright.sync_api import expect

from callboard.usecases.credentials import list_credentials
from callboard.usecases.spaces import NewSpace, create_space, set_member
from callboard.usecases.tokens import bearer_of
from tests.browser.served import ROOT

VALUE = "sk-canary-of-the-screens-123456"
NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.fixture
def site(serve):
    site = serve()
    site.person("ann", "owner")
    site.person("ben")
    return site


@pytest.fixture
def page(site, browser):
    return browser.open(site, as_="ann")


def test_a_space_is_created_and_somebody_is_let_in(site, page, axe, picture):
    page.goto("/spaces")
    page.get_by_role("link", name="Create the first one").click()
    page.get_by_label("Name", exact=False).first.fill("Sign-in")
    page.get_by_label("Short name").fill("auth")
    page.get_by_label("Its tasks begin with").fill("auth")
    axe(page)
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("heading", name="Sign-in", level=1)).to_be_visible()
    page.get_by_label("Who").select_option(label="Ben")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("cell", name="Ben ben")).to_be_visible()
    page.get_by_label("Limit in US dollars").fill("250")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("of $250.00")).to_be_visible()
    axe(page)
    picture(page, "space")


def test_the_organisation_gets_a_budget_and_another_amount_is_refused(site, page, browser, axe):
    browser.expect_complaints("422")
    page.goto("/spaces")
    page.get_by_label("Limit in US dollars").fill("1,000.50")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_text("of $1,000.50 is spent")).to_be_visible()
    axe(page)
    page.get_by_label("Limit in US dollars").fill("a lot")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_role("alert")).to_contain_text("is no amount")
    expect(page.get_by_label("Limit in US dollars")).to_have_value("a lot")


def test_what_does_not_fit_is_said_and_nothing_typed_is_lost(site, page, browser):
    browser.expect_complaints("422")
    page.goto("/new/space")
    page.get_by_label("Name", exact=False).first.fill(NASTY)
    page.get_by_label("Short name").fill("Not A Name")
    page.get_by_label("Its tasks begin with").fill("X1")
    page.get_by_label("What it is about").fill("A long\ntext of mine")
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("alert")).to_contain_text("“Short name” must be")
    expect(page.get_by_label("Name", exact=False).first).to_have_value(NASTY)
    expect(page.get_by_label("What it is about")).to_have_value("A long\ntext of mine")


def test_a_credential_goes_in_and_never_comes_out(site, page, axe, picture):
    page.goto("/credentials")
    page.get_by_label("Name").fill("team-key")
    page.get_by_label("What it opens").fill("anthropic")
    page.get_by_role("textbox", name="Value").fill(VALUE)
    page.get_by_role("button", name="Store it").click()
    expect(page.get_by_role("link", name="team-key")).to_be_visible()
    axe(page)
    picture(page, "credentials")
    for path in ("/credentials", "/credentials/team-key?scope=org", "/audit"):
        page.goto(path)
        assert VALUE not in page.content()
    page.goto("/credentials/team-key?scope=org")
    page.get_by_label("Type its name to remove it").fill("team-key")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("No credential yet")).to_be_visible()
    assert site.do(lambda app: list_credentials(app, ROOT)) == []


def test_a_token_is_shown_once(site, page, browser, axe):
    browser.expect_complaints("409")
    page.goto("/tokens")
    page.get_by_label("What it is for").fill("nightly")
    page.get_by_role("button", name="Create it").click()
    text = page.locator("#token-text").inner_text()
    assert site.do(lambda app: bearer_of(app, text)).actor.name == "ann"
    axe(page)
    page.get_by_role("link", name="I have it").click()
    assert text not in page.content()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()


def test_somebody_joins_and_may_leave(site, page, axe, picture):
    page.goto("/members")
    page.get_by_label("Name", exact=False).first.fill("Cleo")
    page.get_by_label("Signs in as").fill("cleo")
    page.get_by_label("First password").fill("correct horse battery")
    page.get_by_role("button", name="Let them in").click()
    axe(page)
    picture(page, "members")
    page.get_by_role("link", name="Cleo").click()
    axe(page)
    page.get_by_label("Is here").uncheck()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Left", exact=True)).to_be_visible()


def test_the_audit_log_says_who_changed_what(site, page, axe, picture):
    site.do(lambda app: create_space(app, ROOT, NewSpace("auth", NASTY, "AUTH")))
    page.goto("/audit")
    page.get_by_role("link", name="Check it").click()
    expect(page.get_by_text("As it was written")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="space auth").first
    row.get_by_role("group").locator("summary").click()
    expect(row.get_by_text(NASTY)).to_be_visible()
    axe(page)
    picture(page, "audit")
    page.get_by_label("By whom").fill("person:nobody")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("No change fits this filter.")).to_be_visible()


def test_a_member_of_one_space_sees_that_one_and_changes_nothing(site, browser):
    browser.expect_complaints("403", "404")
    site.do(lambda app: create_space(app, ROOT, NewSpace("auth", "Sign-in", "AUTH")))
    site.do(lambda app: create_space(app, ROOT, NewSpace("pay", "Payments", "PAY")))
    site.do(lambda app: set_member(app, ROOT, "auth", "person:ben", "viewer"))
    page = browser.open(site, as_="ben")
    page.goto("/spaces")
    expect(page.get_by_role("main").get_by_text("Sign-in")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Payments")).to_have_count(0)
    page.goto("/spaces/auth")
    expect(page.get_by_role("button", name="Keep")).to_have_count(0)
    for path, heading in (
        ("/spaces/pay", "There is nothing here"),
        ("/credentials", "Not allowed"),
    ):
        page.goto(path)
        expect(page.get_by_role("heading", name=heading)).to_be_visible()


def test_without_any_script_forms_do_the_same(site, browser):
    page = browser.open(site, as_="ann", java_script_enabled=False)
    page.goto("/new/space")
    page.get_by_label("Name", exact=False).first.fill("Payments")
    page.get_by_label("Short name").fill("pay")
    page.get_by_label("Its tasks begin with").fill("PAY")
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("status").first).to_contain_text("Payments is there")


def test_a_session_that_ends_in_the_middle_of_a_form_loses_nothing(site, page, browser):
    from callboard.usecases.signing_in import set_password  # noqa: PLC0415

    browser.expect_complaints("401")
    page.goto("/new/space")
    page.get_by_label("Name", exact=False).first.fill("Payments & more")
    page.get_by_label("Short name").fill("pay")
    page.get_by_label("Its tasks begin with").fill("PAY")
    page.get_by_label("What it is about").fill("Many words\nthat took an hour")
    site.do(lambda app: set_password(app, ROOT, "ann", "correct horse battery"))
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("alert")).to_contain_text("What you typed is kept")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("that took an hour").first).to_be_visible()
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", name="Payments & more", level=1)).to_be_visible()


def test_a_form_that_is_sent_twice_is_done_once(site, page):
    page.goto("/new/space")
    page.get_by_label("Name", exact=False).first.fill("Payments")
    page.get_by_label("Short name").fill("pay")
    page.get_by_label("Its tasks begin with").fill("PAY")
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("heading", name="Payments", level=1)).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("heading", name="Payments", level=1)).to_be_visible()
