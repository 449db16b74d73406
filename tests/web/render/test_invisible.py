import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.web.render.invisible import (
    marked,
    one_line,
    output,
    shown,
    without_terminal,
    written,
)

from .markup import read
from .payloads import PAYLOADS

ANY = st.text(st.characters(), max_size=300)
VISIBLE = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=200).filter(
    str.isprintable
)


@settings(deadline=None)
@given(ANY)
def test_any_text_becomes_markup_that_holds_nothing_but_text_and_symbols(text: str):
    for render in (marked, output, written, one_line):
        root = read(render(text))
        assert {one.attributes["class"] for one in root.every()} <= {"inv"}
        assert {one.tag for one in root.every()} <= {"span"}


@settings(deadline=None)
@given(ANY)
def test_nothing_is_left_out_of_what_people_approve(text: str):
    def spelled(char: str) -> str:
        return read(marked(char)).text

    assert read(marked(text)).text == "".join(map(spelled, text))
    assert all(spelled(char) for char in text)


@settings(deadline=None)
@given(VISIBLE)
def test_what_can_be_seen_is_shown_as_it_is(text: str):
    plain = "".join(char for char in text if char not in "\u2800\u3164\uffa0")
    assert read(marked(plain)).text == plain
    assert shown(plain) == plain


@settings(deadline=None)
@given(ANY)
def test_no_character_is_left_that_could_turn_or_hide_text(text: str):
    for said in (shown(text), read(marked(text)).text):
        assert (
            re.search(
                "[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f]",
                said,
            )
            is None
        )
        said.encode()  # no lone surrogates


@pytest.mark.parametrize(
    ("char", "symbol", "name"),
    [
        ("\u202e", "U+202E", "RIGHT-TO-LEFT OVERRIDE"),
        ("\u200b", "ZWSP", "ZERO WIDTH SPACE"),
        ("\u00a0", "NBSP", "NO-BREAK SPACE"),
        ("\x1b", "ESC", "CONTROL CHARACTER 1B"),
        ("\r", "CR", "CONTROL CHARACTER 0D"),
        ("\U000e0041", "U+E0041", "TAG LATIN CAPITAL LETTER A"),
        ("\ud800", "U+D800", "LONE SURROGATE D800"),
        ("\u3164", "U+3164", "HANGUL FILLER"),
    ],
)
def test_a_character_that_nobody_sees_is_named(char: str, symbol: str, name: str):
    (symbol_shown,) = read(marked(f"a{char}b")).named("inv")
    assert (symbol_shown.text, symbol_shown.attributes["title"]) == (symbol, name)


def test_newlines_and_tabs_stay():
    assert read(marked("a\n\tb")).text == "a\n\tb"


def test_the_colours_of_a_terminal_are_left_out_of_output_and_shown_in_what_is_approved():
    text = "\x1b[1;31mred\x1b[0m\r\nnext"
    assert output(text) == "red\nnext"
    assert "ESC" in marked(text)
    assert "CR" in marked(text)


def test_a_sequence_that_could_hide_text_is_not_left_out():
    text = "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07"
    assert "https://evil.example" in without_terminal(text)
    assert "https://evil.example" in output(text)


def test_a_picture_of_several_characters_stays_whole_in_prose():
    family = "👨\u200d👩\u200d👧"
    assert written(family) == family
    assert "ZWJ" in written("pass\u200dword")


def test_a_long_text_on_one_line_is_cut_and_says_so():
    assert one_line("a\n  b\n") == "a b"
    assert one_line("word " * 100, 20).endswith("…")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_is_text(payload: str):
    root = read(marked(payload))
    assert all(one.attributes["class"] == "inv" for one in root.every())
