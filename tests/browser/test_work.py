"""Work in the browser: written down, moved on the board, decided in the inbox, found again."""

import re

import pytest
from playwright.sync_api import expect

from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.queueing import queue_task
from callboard.usecases.tasks import comment_on
from callboard.usecases.workflows import apply_workflow
from tests.browser.served import ROOT
from tests.browser.work import FLOW, SCRIPTS, WRITER, set_up, state, task, until, waits

NASTY = '"><img src=x onerror=alert(1)> {{ 7*7 }} \u202egnp.exe'
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def site(serve, tmp_path):
    site = serve(WRITER, scripts=SCRIPTS)
    set_up(site, tmp_path / "repository")
    return site


@pytest.fixture
def mia(site, browser):
    return browser.open(site, as_="mia")


def entry(page, key):
    return page.locator(f"#entry-{key}")


def test_a_task_is_written_down_worked_on_and_signed_off(site, browser, axe, picture):
    ann = browser.open(site, as_="ann")
    ann.goto("/")
    expect(ann.get_by_role("heading", name="Nothing is going on yet")).to_be_visible()
    axe(ann)
    ann.get_by_role("link", name="Write a task down").click()
    ann.get_by_label("What is to be achieved").fill("Add a login")
    ann.get_by_label("What whoever does it should know").fill("With a password.")
    ann.get_by_label("It is done when").fill("people sign in\nnobody else does")
    ann.get_by_label("Labels").fill("Backend, security")
    axe(ann)
    picture(ann, "task-new")
    ann.get_by_role("button", name="Write it down and start").click()
    expect(ann).to_have_url(re.compile(r"/tasks/AUTH-1$"))
    mia = browser.open(site, as_="mia")
    mia.goto("/inbox")
    mia.reload()
    waits(site, "AUTH-1")
    mia.reload()
    one = entry(mia, "AUTH-1")
    one.get_by_text("Evidence").click()
    expect(one.get_by_text("1 file, +1")).to_be_visible()
    expect(one.locator(".diff-path")).to_have_text("a.py")
    one.get_by_text("Decide", exact=True).click()
    axe(mia)
    picture(mia, "inbox")
    one.get_by_role("button", name="Approve").click()
    expect(mia.get_by_text("Approved: AUTH-1.")).to_be_visible()
    expect(mia.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    until(lambda: state(site, "AUTH-1") == "done")
    ann.goto("/")
    expect(
        ann.get_by_role("region", name="Ended lately").get_by_text("Add a login")
    ).to_be_visible()


def test_whoever_is_on_the_way_to_another_page_is_not_called_back(site, mia):
    task(site)
    with mia.expect_websocket() as live:
        mia.goto("/tasks/AUTH-1")
    begun, held = [], []

    def hold(route):  # not the list's own method: the driver keeps a note on what it calls
        held.append(route)

    mia.on("request", lambda asked: begun.append(asked.url))
    mia.route("**/schedules", hold)
    with live.value.expect_event("framereceived", lambda said: "AUTH-1-1" in said):
        mia.evaluate("document.querySelector('a[href=\"/schedules\"]').click()")
        until(lambda: mia.wait_for_timeout(10) or held)
        site.do(lambda app: queue_task(app, ROOT, "AUTH-1"))
    held.pop().continue_()
    expect(mia).to_have_url(re.compile("/schedules$"))
    assert not any(url.endswith("/tasks/AUTH-1") for url in begun)


def test_nothing_typed_is_lost_when_a_task_does_not_fit(site, browser):
    browser.expect_complaints("422")
    ann = browser.open(site, as_="ann")
    ann.goto("/new/task")
    ann.get_by_label("What is to be achieved").fill(NASTY)
    ann.get_by_label("Labels").fill("no+label")
    ann.get_by_label("Waits for").fill("AUTH-99")
    ann.get_by_text("Another workflow, repository").click()
    ann.get_by_label("Each run may cost at most").fill("a lot")
    ann.get_by_role("button", name="Write it down", exact=True).click()
    expect(ann.get_by_role("alert")).to_contain_text("a lot")
    expect(ann.get_by_label("What is to be achieved")).to_have_value(NASTY)
    ann.get_by_label("Each run may cost at most").fill("2.50")
    ann.get_by_role("button", name="Write it down", exact=True).click()
    expect(ann.get_by_role("alert")).to_contain_text("AUTH-99")
    ann.get_by_label("Waits for").fill("")
    ann.get_by_role("button", name="Write it down", exact=True).click()
    expect(ann.get_by_role("alert")).to_contain_text("Labels")


def test_what_a_title_holds_is_text_and_nothing_else(site, mia):
    task(site, NASTY)
    for path in (
        "/tasks",
        "/tasks?space=auth",
        "/tasks?view=list",
        "/search?q=AUTH-1",
        "/tasks/AUTH-1/move",
    ):
        mia.goto(path)
        expect(mia.get_by_text("{{ 7*7 }}").first).to_be_visible()
        expect(mia.locator("main img")).to_have_count(0)


def test_a_question_is_answered_in_place(site, mia, browser, axe):
    browser.expect_complaints("422")
    task(site)
    task(site, "Choose a colour", start=True)
    waits(site, "AUTH-2", ".write-1")
    mia.goto("/inbox")
    one = entry(mia, "AUTH-2")
    expect(one.get_by_role("group", name="Which colour?")).to_be_visible()
    one.get_by_label("A word with it").fill("As the logo is")
    one.get_by_role("button", name="Answer").click()
    expect(mia.get_by_role("alert")).to_contain_text("Choose an answer")
    expect(one.get_by_label("A word with it")).to_have_value("As the logo is")
    axe(mia)
    one.get_by_label("Red").check()
    one.get_by_role("button", name="Answer").click()
    expect(mia.get_by_text("Answered: AUTH-2.")).to_be_visible()
    waits(site, "AUTH-2")


def test_a_rejection_needs_its_reason_and_sends_the_work_back(site, mia, browser):
    browser.expect_complaints("422")
    task(site, start=True)
    waits(site, "AUTH-1")
    mia.goto("/inbox")
    one = entry(mia, "AUTH-1")
    one.get_by_text("Decide", exact=True).click()
    one.get_by_role("button", name="Reject").click()
    expect(mia.get_by_role("alert")).to_contain_text("Say why you reject it")
    one.get_by_label("Why").fill("A test is missing")
    one.get_by_role("button", name="Reject").click()
    expect(mia.get_by_text("Rejected: AUTH-1.")).to_be_visible()
    until(lambda: site.do(lambda app: app.ports.store.row("AUTH-1-1.write-2")) is not None)


def test_several_sign_offs_are_given_at_once_and_entries_put_away(site, mia, axe):
    task(site, start=True)
    task(site, "The one that asks is not started")
    for key in ("AUTH-1", "AUTH-3", "AUTH-4"):
        if key != "AUTH-1":
            assert task(site, f"Task {key}", start=True) == key
        waits(site, key)
    mia.goto("/inbox")
    approve = mia.get_by_role("button", name="Approve").first
    expect(approve).to_be_disabled()
    mia.get_by_label("Choose AUTH-1").check()
    mia.get_by_label("Choose AUTH-3").check()
    approve.click()
    expect(mia.get_by_text("2 approved.")).to_be_visible()
    entry(mia, "AUTH-4").get_by_role("button", name="Put away").click()
    expect(mia.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    mia.get_by_role("link", name="Put away 1").click()
    axe(mia)
    entry(mia, "AUTH-4").get_by_role("button", name="Take it back").click()
    expect(entry(mia, "AUTH-4")).to_be_visible()


def test_somebody_stands_in_for_a_while(site, mia, browser, axe):
    browser.expect_complaints("422")
    mia.goto("/inbox/deputies")
    mia.get_by_label("Who", exact=True).select_option(label="Ann")
    mia.get_by_label("Until the end of").fill("2000-01-01")
    mia.get_by_role("button", name="Let them decide").click()
    expect(mia.get_by_role("alert")).to_contain_text("before it begins")
    mia.get_by_label("Until the end of").fill("2999-01-01")
    mia.get_by_role("button", name="Let them decide").click()
    mine = mia.get_by_role("region", name="Who decides in my place")
    expect(mine.get_by_text("Ann")).to_be_visible()
    axe(mia)
    mine.get_by_role("button", name="Remove").click()
    expect(mine.get_by_text("Nobody.")).to_be_visible()


def test_cards_are_moved_by_keys_and_the_server_has_the_last_word(site, mia, axe, picture):
    task(site, "First", labels=("backend",))
    mia.goto("/tasks?space=auth")
    card = mia.locator("#AUTH-1")
    card.get_by_role("link").focus()
    axe(mia)
    mia.keyboard.press("Alt+ArrowRight")
    expect(mia.get_by_role("list", name="Writing").locator("#AUTH-1")).to_be_visible()
    expect(mia.locator("#announcer")).to_contain_text("AUTH-1")
    mia.get_by_label("Words in key or title").focus()  # a card that somebody stands on stays
    waiting = mia.get_by_role("list", name="Deploy").locator("#AUTH-1")
    expect(waiting.get_by_text("Waiting")).to_be_visible()
    expect(mia.locator(".board-count")).to_have_text(["0", "0", "1", "0"])
    picture(mia, "board")
    waiting.get_by_role("link").focus()
    mia.keyboard.press("Alt+ArrowRight")
    expect(mia.locator(".toast", has_text="give the sign-offs")).to_be_visible()
    expect(mia.get_by_role("list", name="Deploy").locator("#AUTH-1")).to_be_visible()


def test_cards_that_others_write_down_come_to_an_open_board_with_their_numbers(site, mia):
    mia.goto("/tasks?space=auth")
    expect(mia.get_by_role("heading", name="No task yet")).to_be_visible()
    for n in (1, 2):
        task(site, f"Number {n}")
        expect(mia.get_by_role("list", name="Backlog").locator(".board-card")).to_have_count(n)
        expect(mia.locator(".board-count").first).to_have_text(str(n))
        expect(mia.get_by_text(f"{n} task{'s' * (n > 1)}", exact=True)).to_be_visible()


def test_a_card_is_dragged_by_mouse(site, mia):
    task(site, "First")
    mia.goto("/tasks?space=auth")
    mia.locator("#AUTH-1").drag_to(mia.get_by_role("list", name="Done"))
    expect(mia.locator(".toast", has_text="only its workflow finishes AUTH-1")).to_be_visible()
    expect(mia.get_by_role("list", name="Backlog").locator("#AUTH-1")).to_be_visible()


def test_a_board_is_narrowed_by_its_address(site, mia):
    task(site, "First", labels=("backend",), priority="high")
    task(site, "Second")
    mia.goto("/tasks?space=auth")
    mia.get_by_label("Label").select_option("backend")
    mia.get_by_role("button", name="Show", exact=True).click()
    expect(mia).to_have_url(re.compile("label=backend"))
    expect(mia.locator(".board-card")).to_have_count(1)
    mia.get_by_role("link", name="List").click()
    expect(mia.locator("tbody tr")).to_have_count(1)
    mia.get_by_label("Words in key or title").fill("nothing like it")
    mia.get_by_role("button", name="Show", exact=True).click()
    expect(mia.get_by_role("heading", name="Nothing fits")).to_be_visible()


def test_where_tasks_go_through_several_workflows_they_are_narrowed_to_one(site, mia):
    task(site, "First")
    mia.goto("/tasks?space=auth")
    expect(mia.get_by_label("Label")).to_be_visible()
    expect(mia.get_by_label("Workflow")).to_have_count(0)
    other = FLOW.model_copy(update={"id": "other", "title": "The other way"})
    site.do(lambda app: apply_workflow(app, ROOT, other, space="auth"))
    task(site, "Second", workflow="other")
    for page in ("/tasks?space=auth", "/tasks?view=list"):
        mia.goto(page)
        mia.get_by_label("Workflow").select_option(label="The other way")
        mia.get_by_role("button", name="Show", exact=True).click()
        expect(mia).to_have_url(re.compile("workflow=other"))
        expect(mia.get_by_text("AUTH-2")).to_be_visible()
        expect(mia.get_by_text("AUTH-1")).to_have_count(0)


def test_everything_can_be_done_without_scripts(site, browser):
    task(site, start=True)
    waits(site, "AUTH-1")
    page = browser.open(site, as_="mia", java_script_enabled=False)
    page.goto("/inbox")
    one = entry(page, "AUTH-1")
    one.get_by_text("Evidence").click()
    one.get_by_role("link", name="The change, the checks").click()
    expect(page.locator(".diff-path")).to_have_text("a.py")
    page.goto("/tasks/AUTH-1/move")
    expect(page.get_by_text("only its workflow finishes AUTH-1")).to_be_visible()
    page.goto("/inbox")
    one.get_by_text("Decide", exact=True).click()
    one.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved: AUTH-1.")).to_be_visible()


def test_the_inbox_is_used_by_keys(site, mia):
    for title in ("One", "Two"):
        task(site, title)
        key = "AUTH-1" if title == "One" else "AUTH-2"
        site.do(lambda app, key=key: comment_on(app, ROOT, key, "Look, @mia."))
    mia.goto("/inbox")
    mia.keyboard.press("j")
    first = mia.evaluate("document.activeElement.closest('.inbox-entry').dataset.key")
    mia.keyboard.press("j")
    second = mia.evaluate("document.activeElement.closest('.inbox-entry').dataset.key")
    assert {first, second} == {"AUTH-1", "AUTH-2"}
    mia.keyboard.press("k")
    assert mia.evaluate("document.activeElement.closest('.inbox-entry').dataset.key") == first


def test_what_comes_meanwhile_is_said_and_shown_on_demand(site, mia):
    mia.goto("/inbox")
    expect(mia.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    key = task(site, "Look at me")
    site.do(lambda app: comment_on(app, ROOT, key, "Please, @mia."))
    mia.get_by_role("button", name="Show it").click()
    expect(entry(mia, key)).to_be_visible()


def test_the_inbox_of_a_phone_has_buttons_that_a_thumb_meets(site, browser, axe, picture):
    task(site, start=True)
    waits(site, "AUTH-1")
    page = browser.open(site, as_="mia", **PHONE)
    page.goto("/inbox")
    one = entry(page, "AUTH-1")
    one.get_by_text("Decide", exact=True).click()
    box = one.get_by_role("button", name="Approve").bounding_box()
    assert box["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(page)
    picture(page, "inbox-phone")


def test_what_is_searched_for_is_found_in_the_palette_and_on_the_page(site, mia, axe):
    task(site, "Round prices")
    mia.goto("/search?q=ruond+prices")
    expect(mia.get_by_role("link", name="Round prices")).to_be_visible()
    axe(mia)
    mia.keyboard.press("Control+k")
    mia.get_by_role("combobox", name="Search and commands").fill("new task")
    mia.get_by_role("option", name="New task").click()
    expect(mia).to_have_url(re.compile("/new/task"))


def test_whoever_belongs_to_nothing_yet_is_told_whom_to_ask(site, browser, axe):
    zoe = browser.open(site, as_="zoe")
    for path in ("/", "/tasks", "/new/task", "/inbox", "/schedules", "/workflows"):
        zoe.goto(path)
        axe(zoe)
    zoe.goto("/")
    expect(zoe.get_by_text("an admin lets you into one")).to_be_visible()


def test_what_is_not_there_or_not_theirs_is_not_found(site, browser):
    browser.expect_complaints("404", "403")
    task(site)
    zoe = browser.open(site, as_="zoe")
    for path in (
        "/tasks/AUTH-1/move",
        "/workflows/nowhere",
        "/schedules/none",
        "/inbox/evidence/AUTH-1-1",
    ):
        assert zoe.goto(path).status in (404, 422), path
    assert zoe.goto("/hooks").status == 403


def approved(site, run_id):
    """Approve what a run waits for, elsewhere."""

    async def decided(app):
        gate = (await open_gate(app, ROOT, run_id)).gate
        await record_decision(app, ROOT, run_id, Decision("approve"), digest=gate.digest)

    site.do(decided)


def test_the_list_of_runs_follows_what_happens(site, mia, axe):
    mia.goto("/runs?space=auth")
    expect(mia.get_by_role("heading", name="No runs")).to_be_visible()
    task(site, "First", start=True)
    expect(mia.locator(".rows-news")).to_contain_text("1 new")
    mia.get_by_role("link", name="Show", exact=True).click()
    row = mia.locator("#run-AUTH-1-1")
    expect(row.get_by_text("Waiting")).to_be_visible()
    axe(mia)
    mia.get_by_role("link", name="Waiting").click()
    expect(row).to_be_visible()
    approved(site, "AUTH-1-1")
    expect(row).to_have_count(0)
    mia.get_by_role("link", name="All", exact=True).click()
    expect(row.get_by_text("Done")).to_be_visible()
    mia.keyboard.press("j")
    expect(row.get_by_role("link").first).to_be_focused()
    task(site, "Second", start=True)
    expect(mia.locator(".rows-news")).to_contain_text("1 new")
    expect(mia.locator("tbody tr")).to_have_count(1)
