"""Threads in the browser: following one, losing the server, filtering, reading back, deciding."""

import re

from playwright.sync_api import expect

from tests.browser.threads import keep, long_thread, writing


def ids(page):
    return page.evaluate("[...document.querySelectorAll('.ev:not([id^=live-])')].map((one) => one.id)")


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
