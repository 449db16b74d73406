"""Rows of threads as markup: whatever a model, a tool, a repository or a person wrote is text."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.events.files import FileChange
from callboard.domain.thread_mark import FAILURES, TOOLS
from callboard.domain.usage import Bill, Usage
from callboard.engine.thread.questions import Option, Question
from callboard.engine.thread.row import (
    Approval,
    Asked,
    Body,
    Called,
    Changed,
    Checked,
    Ended,
    Folded,
    Helper,
    Note,
    Player,
    Problem,
    Row,
    Said,
    Spent,
    StepBegan,
    StepOver,
)
from callboard.testing.store.samples import NOON
from callboard.web.thread_rows import show_row
from tests.web.render.payloads import PAYLOADS

TAGS = {
    *("article", "div", "span", "p", "pre", "code", "h2", "h3", "h4", "h5", "h6", "a", "b", "time"),
    *(
        "details",
        "summary",
        "svg",
        "use",
        "ul",
        "ol",
        "li",
        "blockquote",
        "em",
        "strong",
        "s",
        "hr",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "br"),
}
ATTRIBUTES = {
    *("class", "id", "href", "rel", "title", "datetime", "aria-hidden", "start", "data-pos"),
    *("data-facets", "data-message", "data-failure", "data-part", "data-speech"),
}


class Strict(HTMLParser):
    """Reads markup and notes what has no place in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.wrong.append(f"{tag} {name}")
            if name == "href" and not (value or "").startswith(
                ("/", "#", "http://", "https://", "mailto:")
            ):
                self.wrong.append(f"{tag} {name}={value}")
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def row(body: Body, name: str = "Mara") -> Row:
    return Row("e7", 7, 9, NOON, "r1", 3, Player(name, 1, step=name), TOOLS | FAILURES, body)


def every_body(text: str) -> list[Body]:
    """Return a body of every kind, with a text in each of its fields that takes one."""
    ann = Actor(kind="person", name=text)
    when = Approval(ann, NOON + timedelta(hours=1), text)
    call = Called(text, text, {text: text, "n": [1, {text: None}]}, "failed", text, 5, 4)
    change = FileChange(path=text, status="modified", added=1, removed=2)
    asked = Asked("g", "approval_required", text, text, {text: text}, (), NOON, given=(when,))
    return [
        *(Said(by, text, text, note=text) for by in ("model", "program", "engine", "person")),
        Said("model", text, text, unfinished=True),
        call,
        Called(text, text, None, "running"),
        Folded(text, tuple(row(call) for _ in range(3)), 2, 9),
        Changed((change,), 4),
        Changed((change, change), 4),
        Spent(25, Decimal("0.25"), Decimal(1)),
        StepBegan(text, text, 2),
        *(StepOver(text, how, text) for how in ("passed", "rejected", "failed", "skipped")),
        asked,
        replace(asked, tool=None, questions=(Question(text, (Option(text, text),)),)),
        replace(asked, state="answered", by=when, answer=text, changed=True),
        Problem(text, text),
        Note(text, text, text),
        Helper(text, "r1.child", "failed", text, Bill(), text),
        Checked(text),
        Checked(text, passed=False, exit_code=1, output=text, took_ms=3),
        *(Ended(how, text, None, Usage()) for how in ("completed", "failed", "cancelled")),
    ]


def read(text: str) -> Strict:
    found = Strict()
    found.feed(text)
    found.close()
    return found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_is_text_in_every_field_of_every_row(payload: str) -> None:
    for body in every_body(payload):
        found = read(show_row(row(body, payload)))
        assert found.wrong == []
        assert found.open == []


@given(st.text(max_size=200))
def test_any_text_makes_a_well_formed_row(text: str) -> None:
    for body in every_body(text):
        found = read(show_row(row(body, text)))
        assert found.wrong == []
        assert found.open == []


def test_every_kind_of_row_has_a_shape() -> None:
    shown = {type(body) for body in every_body("x")}
    assert shown == set(Body.__args__)


def test_what_nobody_sees_is_made_visible() -> None:
    hidden = "rm -rf \u202egpj.exe\u200b"
    for body in every_body(hidden):
        text = "".join(read(show_row(row(body))).text)
        assert not {"\u202e", "\u200b"} & set(text)
