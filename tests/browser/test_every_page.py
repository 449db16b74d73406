"""Every page of the sample organisation, found by following every link: it answers, and it is for everyone."""

import contextlib
import gzip
import re
from collections import defaultdict
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx2
import pytest

from tests.browser.accessible import violations_in_light_and_dark
from tests.browser.conftest import PHONE
from tests.cli.shell import Shell

MOST_OF_A_SHAPE = 4
"""How many pages of one kind are looked at: the hundredth task looks like the first."""
MOST_BYTES = 40_000
TORN = """() => {
  const torn = [];
  for (const cell of document.querySelectorAll("table.grid td")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      if (texts.currentNode.parentElement.closest("details")) continue;
      for (const word of texts.currentNode.data.matchAll(/[\\p{L}\\d]{2,20}/gu)) {
        const place = document.createRange();
        place.setStart(texts.currentNode, word.index);
        place.setEnd(texts.currentNode, word.index + word[0].length);
        const lines = new Set([...place.getClientRects()].map(one => Math.round(one.top)));
        if (lines.size > 1) torn.push(word[0]);
      }
    }
  }
  return torn.slice(0, 5);
}"""
"""The words in cells of tables that stand on more than one line; what is folded in is no matter of columns."""
IDS = (
    (re.compile(r"^/tasks/[A-Z]+-\d+"), "/tasks/KEY"),
    (re.compile(r"^/runs/[A-Za-z0-9._-]+"), "/runs/ID"),
    (re.compile(r"^/tasks/KEY/runs/\d+"), "/tasks/KEY/runs/N"),
    (re.compile(r"^/(agents|workflows|spaces|members|templates|credentials)/[^/]+"), r"/\1/ID"),
    (re.compile(r"/\d+(?=/|$)"), "/N"),
)  # fmt: skip


class Found(HTMLParser):
    """What a page links to, and what it has."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.count = [], set(), defaultdict(int)
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.count[tag] += 1
        named = dict(attrs)
        if named.get("id"):
            self.ids.add(named["id"])
        if tag == "a" and named.get("href") is not None:
            self.links.append(named["href"])


def shape_of(address):
    """Return what kind of page an address is of: its path without names, and which filters it has."""
    parts = urlsplit(address)
    path = parts.path
    for pattern, put in IDS:
        path = pattern.sub(put, path)
    names = sorted({pair.partition("=")[0] for pair in parts.query.split("&") if pair})
    return f"{path}?{'&'.join(names)}"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    home = tmp_path_factory.mktemp("sample")
    shell = Shell(home, home, {"TMPDIR": str(home)})
    running = shell.start("serve", "--demo", "--port", "0", CALLBOARD_HOME=None)
    yield running.line().strip()
    shell.end_all()


@pytest.fixture(scope="module")
def every_page(sample):
    """The address, the answer and what was found, of pages of every shape."""
    return list(_followed(sample))


@pytest.fixture(scope="module")
def kinds(every_page):
    """One address of every kind of page."""
    kinds = {}
    for path, _, found in every_page:
        if found is not None:
            kinds.setdefault(shape_of(path).partition("?")[0], path)
    return dict(sorted(kinds.items()))


def _followed(base):
    seen, taken, pending = {"/"}, defaultdict(int), ["/"]
    with httpx2.Client(base_url=base, timeout=120) as client:
        while pending:
            path = pending.pop(0)
            answer = client.get(path)
            is_page = answer.headers.get("content-type", "").startswith("text/html")
            found = Found(answer.text) if is_page else None
            yield path, answer, found
            for link in found.links if found is not None else ():
                target = urldefrag(urljoin(f"{base}{path}", link)).url
                if not target.startswith(base):
                    continue
                place = target.removeprefix(base) or "/"
                shape = shape_of(place)
                if place not in seen and taken[shape] < MOST_OF_A_SHAPE:
                    seen.add(place)
                    taken[shape] += 1
                    pending.append(place)


@pytest.mark.timeout(900)
def test_every_link_leads_to_a_page_with_a_heading_a_policy_and_a_modest_size(every_page):
    wrong, count = [], 0
    for path, answer, found in every_page:
        count += 1
        if answer.status_code != 200:
            wrong.append((path, answer.status_code))
        if found is None:
            continue
        if "default-src 'none'" not in answer.headers["content-security-policy"]:
            wrong.append((path, "policy"))
        if found.count["h1"] != 1 or found.count["main"] != 1:
            wrong.append((path, f"{found.count['h1']} h1, {found.count['main']} main"))
        if len(gzip.compress(answer.content, 5)) > MOST_BYTES:
            wrong.append((path, f"{len(gzip.compress(answer.content, 5))} bytes"))
    assert wrong == [], "\n".join(map(str, wrong))
    assert count > 100


@pytest.mark.timeout(1200)
def test_every_kind_of_page_is_for_everyone_in_light_and_in_dark(sample, kinds, chromium):
    complaints, found = [], {}
    context = chromium.new_context(base_url=sample, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    with contextlib.closing(context):
        page = context.new_page()
        page.on(
            "console",
            lambda said: said.type == "error" and complaints.append((page.url, said.text)),
        )
        page.on("pageerror", lambda error: complaints.append((page.url, str(error))))
        for shape, path in kinds.items():
            page.goto(path)
            if here := violations_in_light_and_dark(page):
                found[shape] = here
    assert found == {}
    assert complaints == []


@pytest.mark.timeout(600)
def test_every_kind_of_page_fits_a_phone_and_its_tables_tear_no_words(sample, kinds, chromium):
    found = {}
    context = chromium.new_context(base_url=sample, viewport=PHONE, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    with contextlib.closing(context):
        page = context.new_page()
        for shape, path in kinds.items():
            page.goto(path)
            width = page.evaluate("document.documentElement.scrollWidth")
            torn = page.evaluate(TORN)
            if width > PHONE["width"] or torn:
                found[shape] = (width, torn)
    assert found == {}
