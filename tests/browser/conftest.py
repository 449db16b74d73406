"""A real browser. Whatever it complains about fails the test: a script that is refused, an error, a dialog."""

import os

import pytest
from playwright.sync_api import expect, sync_playwright

from callboard.bootstrap import Sources, build_app
from callboard.settings import read_settings
from callboard.web_access.on_demand import find_chromium
from tests.browser.accessible import violations_in_light_and_dark
from tests.browser.served import Served, copied
from tests.loops import run_apart

expect.set_options(timeout=60_000)
CHROMIUM = os.environ.get("CALLBOARD_CHROMIUM") or find_chromium()
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def new_home_database(tmp_path_factory):
    home = tmp_path_factory.mktemp("new") / "home"

    async def made():
        settings = read_settings({"CALLBOARD_HOME": str(home)})
        await (await build_app(settings, Sources())).close()

    run_apart(made())
    return home / "callboard.db"


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: run scripts/find-browser, or set CALLBOARD_CHROMIUM")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def serve(tmp_path, new_home_database):
    """Serve a site with agents and scripts of the test's own."""
    started = []

    def begin(*agents, scripts=None):
        home = copied(new_home_database, tmp_path / f"home{len(started)}")
        started.append(Served(home, *agents, scripts=scripts))
        return started[-1]

    yield begin
    for one in started:
        one.end()


@pytest.fixture
def site(serve):
    """A site where nobody is yet."""
    return serve()


class Watched:
    """Browser contexts whose complaints are counted."""

    def __init__(self, chromium):
        self._chromium = chromium
        self._contexts = []
        self.complaints = []
        self.expected = ()

    def expect_complaints(self, *parts):
        """Let the browser complain about what the test does on purpose."""
        self.expected = parts

    def open(self, site, *, as_=None, **options):
        """Return a page of a new browser profile, for somebody who is signed in where `as_` names them."""
        options = {"viewport": DESK, "reduced_motion": "reduce"} | options
        context = self._chromium.new_context(base_url=site.base, **options)
        context.set_default_timeout(60_000)
        self._contexts.append(context)
        if as_ is not None:
            cookie = {"name": "callboard_session", "value": site.session_of(as_), "url": site.base}
            context.add_cookies([cookie])
        return self.watch(context.new_page())

    def watch(self, page):
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.on("dialog", self._refuse)
        return page

    def _note(self, kind, text):
        if kind in ("error", "warning") and not any(part in text for part in self.expected):
            self.complaints.append(f"{kind}: {text}")

    def _refuse(self, dialog):
        if dialog.type != "beforeunload":
            self.complaints.append(f"dialog: {dialog.message}")
        dialog.accept()

    def close(self):
        for context in self._contexts:
            context.close()


@pytest.fixture
def browser(chromium):
    watched = Watched(chromium)
    yield watched
    watched.close()
    assert watched.complaints == []


@pytest.fixture
def axe():
    """Check a page for what keeps people from using it, in light and in dark."""

    def check(page):
        assert violations_in_light_and_dark(page) == {}

    return check


@pytest.fixture
def picture():
    """Keep a picture of a page where the run keeps such: $CALLBOARD_PICTURES."""
    place = os.environ.get("CALLBOARD_PICTURES")

    def take(page, name):
        if place is not None:
            page.screenshot(path=f"{place}/{name}.png")

    return take
