"""Files given with a task: chosen in a form, listed, fetched as files, taken away."""

import pytest
from playwright.sync_api import expect

from callboard.usecases.attachments import list_attachments
from callboard.usecases.spaces import NewSpace, change_space, create_space
from callboard.usecases.tasks import NewTask, create_task
from tests.browser.served import ROOT

NASTY = 'a"><img src=x onerror=alert(1)>.md'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)


@pytest.fixture
def site(serve):
    site = serve()
    site.person("ann", "owner")

    async def settled(app):
        await create_space(app, ROOT, NewSpace("auth", "Sign-in", "AUTH"))
        await change_space(app, ROOT, "auth", repository="/work", workflow="bug-fix")
        await create_task(app, ROOT, "auth", NewTask("Mend it"))

    site.do(settled)
    return site


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_files_are_given_listed_fetched_and_taken_away(site, browser, axe, scripts):
    page = browser.open(site, as_="ann", java_script_enabled=scripts)
    page.goto("/tasks/AUTH-1")
    page.get_by_role("link", name="Given with it").click()
    page.get_by_label("Files", exact=True).set_input_files(
        [
            {"name": NASTY, "mimeType": "text/html", "buffer": b"<script>alert(2)</script>"},
            {"name": "screen.png", "mimeType": "image/png", "buffer": PNG},
        ]
    )
    page.get_by_role("button", name="Give them").click()
    expect(page.get_by_role("status").first).to_contain_text("2 files are given with AUTH-1")
    expect(page.get_by_role("row").filter(has_text="screen.png")).to_contain_text("image/png")
    if scripts:
        axe(page)
    with page.expect_download() as fetched:
        page.get_by_role("link", name=NASTY).click()
    assert fetched.value.path().read_bytes() == b"<script>alert(2)</script>"
    page.get_by_role("row").filter(has_text="text").get_by_role("button", name="Take away").click()
    expect(page.get_by_role("row")).to_have_count(2)
    left = site.do(lambda app: list_attachments(app, ROOT, "AUTH-1"))
    assert [(one.name, one.size) for one in left] == [("screen.png", len(PNG))]


def test_what_agents_cannot_read_is_refused_with_its_reason(site, browser):
    browser.expect_complaints("422")
    page = browser.open(site, as_="ann")
    page.goto("/tasks/AUTH-1/attachments")
    archive = {"name": "a.zip", "mimeType": "application/zip", "buffer": b"PK\x03\x04\x00\x00"}
    page.get_by_label("Files", exact=True).set_input_files([archive])
    page.get_by_role("button", name="Give them").click()
    expect(page.get_by_role("alert")).to_contain_text("neither text")
