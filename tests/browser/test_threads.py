"""Threads in the browser: following one, losing the server, filtering, reading back, deciding."""

import re

from playwright.sync_api import expect

from callboard.ports.model import TextDelta
from callboard.usecases.sessions import end_session, list_sessions
from tests.browser.served import Served
from tests.browser.threads import keep, long_thread, writing


def ids(page):
    return page.evaluate(
        "[...document.querySelectorAll('.ev:not([id^=live-])')].map((one) => one.id)"
    )


def test_what_happens_appears_while_somebody_watches(site, browser, axe, picture):
    site.person("ann", "owner")
    thread = writing(site, limit_usd="0.05")
    thread.say("I look at the lease first.", ("c1", {"paths": ["src/lease.py"]}))
    keep(site, thread)
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1")
    expect(page.get_by_text("I look at the lease first.")).to_be_visible()
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    for number in range(3):
        thread.call(f"d{number}", f"src/file{number}.py")
    thread.change("src/lease.py")
    thread.say("**Done** with the first half.")
    keep(site, thread)
    expect(page.locator(".ev-times")).to_have_text("× 3")
    expect(page.locator(".ev strong", has_text="Done")).to_be_visible()
    expect(page.locator(".ev-milestone")).to_have_count(4)
    axe(page)
    picture(page, "thread-live")


def test_a_restarted_server_costs_no_row_and_no_word(site, browser):
    browser.expect_complaints("WebSocket", "ERR_CONNECTION_REFUSED")
    site.person("ann", "owner")
    thread = writing(site)
    thread.say("Message 0")
    keep(site, thread)
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1")
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    box = page.get_by_label("Say something to the agent")
    box.fill("Half a sent")
    site.stop()
    expect(page.locator("[data-live-word]")).to_contain_text("Reconnecting")
    site.start()
    thread.app = site.app
    thread.claim = site.do(lambda app: app.ports.store.claim("r1"))
    for number in range(1, 31):
        thread.say(f"Message {number}")
        keep(site, thread)
    expect(page.get_by_text("Message 30", exact=True)).to_be_visible()
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    said = page.locator(".ev-k-said .prose").all_inner_texts()
    assert said == [f"Message {number}" for number in range(31)]
    assert len(ids(page)) == len(set(ids(page)))
    expect(box).to_have_value("Half a sent")
    page.reload()
    expect(page.get_by_label("Say something to the agent")).to_have_value("Half a sent")


def test_ten_thousand_events_are_filtered_searched_and_read_back(site, browser, axe, picture):
    site.person("ann", "owner")
    long_thread(site, 10_000)
    page = browser.open(site, as_="ann")
    page.goto("/runs/long")
    rows = page.locator("[data-rows] > .ev")
    expect(rows.first).to_be_attached()
    assert rows.count() <= 400
    picture(page, "thread-long")
    page.get_by_role("link", name=re.compile("^Failures")).click()
    expect(page.locator(".ev-failed").first).to_be_visible()
    assert page.locator("[data-rows] > .ev:not([data-failure])").count() == 0
    axe(page)
    page.get_by_role("link", name=re.compile("^Everything")).click()
    before = set(ids(page))
    for _ in range(12):
        count = rows.count()
        page.locator("[data-older] a").click()
        expect(rows).not_to_have_count(count) if count < 800 else None
        page.wait_for_load_state()
        if not before & set(ids(page)):
            break
    assert rows.count() <= 800
    places = page.evaluate("[...document.querySelectorAll('.ev')].map((one) => +one.dataset.pos)")
    assert places == sorted(places)
    assert len(ids(page)) == len(set(ids(page)))
    page.get_by_label("Search in this run").fill("Message 1200")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Message 1200:")).to_be_visible()
    expect(rows).to_have_count(1)


def test_the_reader_stays_where_they_are_until_they_want_the_latest(site, browser):
    site.person("ann", "owner")
    thread = long_thread(site, 400)
    page = browser.open(site, as_="ann")
    page.goto("/runs/long")
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    page.evaluate("scrollTo(0, 0)")
    at = page.evaluate("scrollY")
    for number in range(5):
        thread.say(f"News {number}")
    keep(site, thread)
    expect(page.locator(".thread-pill")).to_have_text("5 new")
    assert page.evaluate("scrollY") == at
    page.keyboard.press("End")
    expect(page.get_by_text("News 4")).to_be_in_viewport()
    expect(page.locator(".thread-pill")).to_have_count(0)
    page.keyboard.press("p")
    page.keyboard.press("p")
    expect(page.locator(".ev:focus")).to_contain_text("News")


def test_what_a_call_returned_is_fetched_when_it_is_opened(site, browser):
    site.person("ann", "owner")
    thread = writing(site)
    text = "\n".join(f"line {number}" for number in range(3000))
    thread.call("c1", "big.txt", value={"content": text})
    thread.change(
        "a.py",
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old = 1\n+new = 2\n",
    )
    keep(site, thread)
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1")
    assert "line 17" not in page.content()
    page.locator(".ev-k-called summary").click()
    expect(page.locator(".ev-out", has_text="line 17")).to_be_visible()
    expect(page.get_by_role("link", name="Show all 3,001 lines")).to_be_visible()
    page.locator(".ev-k-changed summary").click()
    expect(page.locator(".diff-added")).to_contain_text("new = 2")


def test_time_travel_shows_how_it_stood(site, browser, axe, picture):
    site.person("ann", "owner")
    thread = writing(site, limit_usd="1")
    thread.say("First.")
    thread.change(
        "a.py", "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old\n+new\n"
    )
    thread.say("Second.")
    thread.end()
    keep(site, thread)
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1?at=4")
    then = page.get_by_role("region", name=re.compile("as it stood after event 4"))
    expect(then.get_by_text("$0.01")).to_be_visible()
    expect(then.get_by_text("Running")).to_be_visible()
    page.keyboard.press("[")
    expect(page.get_by_role("region", name=re.compile("after event 3"))).to_be_visible()
    axe(page)
    picture(page, "time-travel")


def test_nothing_that_a_model_says_acts(site, browser):
    nasty = (
        "<script>alert(1)</script><img src=x onerror=alert(2)> [a](javascript:alert(3)) "
        '![i](http://127.0.0.1:9/x.png) <svg onload=alert(4)> "><b>x \u202e gnp.exe'
    )
    site.person("ann", "owner")
    thread = writing(site)
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1")
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    thread.say(nasty, ("c'\"><script>1</script>", {"paths": [nasty]}))
    thread.steer(nasty)
    thread.call("d", nasty, fails=True, value={"errorMessage": nasty})
    thread.change(f"{nasty}.py", nasty)
    thread.end(nasty)
    keep(site, thread)
    expect(page.locator(".ev-ended")).to_be_visible()
    page.reload()
    expect(page.locator(".ev-ended")).to_be_visible()
    for summary in page.locator(".ev summary").all():
        summary.click()
    expect(
        page.locator(".ev script, .ev img, .ev svg:not(.icon), .ev b:has-text('x')")
    ).to_have_count(0)
    expect(page.locator(".ev a[href^='javascript']")).to_have_count(0)
    expect(page.locator(".ev-said .inv").first).to_be_visible()


def test_without_javascript_a_thread_is_read_filtered_and_walked_through(site, browser):
    site.person("ann", "owner")
    long_thread(site, 1_000)
    page = browser.open(site, as_="ann", java_script_enabled=False)
    page.goto("/runs/long")
    first = page.locator("[data-rows] > .ev").first.get_attribute("id")
    page.get_by_role("link", name="Older").click()
    expect(page.locator(f"#{first}")).to_have_count(0)
    page.get_by_role("link", name="Newer").click()
    expect(page.locator(f"#{first}")).to_have_count(1)
    page.get_by_role("link", name=re.compile("^Tools")).click()
    expect(page.locator(".ev-k-said")).to_have_count(0)
    page.get_by_label("Say something to the agent").fill("Go on")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").first).to_contain_text("Said")


def test_a_thread_fits_on_a_phone(site, browser, axe, picture):
    site.person("ann", "owner")
    long_thread(site, 400)
    page = browser.open(site, as_="ann", viewport={"width": 390, "height": 844})
    page.goto("/runs/long")
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe(page)
    picture(page, "thread-phone")


def test_twelve_tabs_are_open_and_all_of_them_are_live(site, browser):
    site.person("ann", "owner")
    thread = writing(site)
    first = browser.open(site, as_="ann")
    pages = [first, *(browser.watch(first.context.new_page()) for _ in range(11))]
    for page in pages:
        page.goto("/runs/r1")
    for page in pages:
        expect(page.locator("[data-live-word]")).to_have_text("Live")
    thread.say("Seen by everybody.")
    keep(site, thread)
    for page in pages:
        expect(page.get_by_text("Seen by everybody.")).to_be_attached()


def test_another_replica_shows_what_this_one_writes(site, browser):
    site.person("ann", "owner")
    thread = writing(site)
    other = Served(site.settings.home)
    try:
        page = browser.open(other, as_="ann")
        page.goto("/runs/r1")
        expect(page.locator("[data-live-word]")).to_have_text("Live")
        for number in range(20):
            thread.say(f"From the first replica {number}")
            keep(site, thread)
        expect(page.locator(".ev-k-said")).to_have_count(20)
    finally:
        other.end()


def test_a_session_that_ends_ends_what_it_watches(site, browser):
    browser.expect_complaints("WebSocket", "403", "1008")
    ann = site.person("ann", "owner")
    thread = writing(site)
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1")
    expect(page.locator("[data-live-word]")).to_have_text("Live")

    async def signed_out(app):
        live = site.pages.state.live.live
        live.check_every_s = 0.1
        for one in await list_sessions(app, ann):
            await end_session(app, ann, one.session.id)

    site.do(signed_out)
    thread.say("A little news wakes the socket.")
    keep(site, thread)
    expect(page.locator("[data-live-word]")).to_contain_text("Signed out", timeout=60_000)
    thread.say("Not for these eyes.")
    keep(site, thread)
    expect(page.get_by_text("Not for these eyes.")).to_have_count(0)


def test_streamed_words_appear_before_the_answer_is_whole(site, browser):
    site.person("ann", "owner")
    thread = writing(site)
    thread.say("Before.")
    keep(site, thread)
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1")
    expect(page.locator("[data-live-word]")).to_have_text("Live")

    async def streamed(app):
        for piece in ("I am ", "about to ", "<b>move</b> it"):
            app.ports.live.delta("r1", TextDelta(piece))

    site.do(streamed)
    expect(page.locator("[data-speech]")).to_have_text("I am about to <b>move</b> it")
    thread.say("I moved it.")
    keep(site, thread)
    site.do(thread.shown)
    expect(page.get_by_text("I moved it.")).to_be_visible()
    expect(page.locator("[data-speech]")).to_have_count(0)


def test_a_tab_that_missed_too_much_reads_its_window_anew(site, browser):
    browser.expect_complaints("WebSocket", "ERR_CONNECTION_REFUSED")
    site.person("ann", "owner")
    thread = writing(site)
    thread.say("Long ago.")
    keep(site, thread)
    page = browser.open(site, as_="ann")
    page.goto("/runs/r1")
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    site.stop()
    expect(page.locator("[data-live-word]")).to_contain_text("Reconnecting")
    site.start()
    thread.app = site.app
    thread.claim = site.do(lambda app: app.ports.store.claim("r1"))
    for number in range(600):
        thread.say(f"Meanwhile {number}")
    keep(site, thread)
    expect(page.get_by_text("Meanwhile 599", exact=True)).to_be_visible()
    expect(page.get_by_text("Long ago.")).to_have_count(0)
    assert page.locator("[data-rows] > .ev").count() <= 400
    thread.say("And now.")
    keep(site, thread)
    expect(page.get_by_text("And now.", exact=True)).to_be_visible()


def test_an_address_with_an_event_opens_the_window_around_it(site, browser):
    site.person("ann", "owner")
    thread = long_thread(site, 1_000)
    place = site.do(lambda app: app.threads.place_of(thread.run_id, 500))
    page = browser.open(site, as_="ann")
    page.goto(f"/runs/long#e{place}")
    expect(page.locator(".ev:focus")).to_be_in_viewport()
    at = int(page.locator(".ev:focus").get_attribute("data-pos") or "0")
    assert place - 40 < at <= place
    page.get_by_role("link", name="Go to the latest").click()
    expect(page.locator("[data-live-word]")).to_have_text("Live")
