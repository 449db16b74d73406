"""Edits as models write them, slightly wrong: the right place or none, never another one."""

import random
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import callboard
from callboard.tools.str_replace.matching import find
from callboard.tools.str_replace.replacing import Replacement, replace_all

SOURCES = sorted(Path(callboard.__file__).parent.joinpath("engine").rglob("*.py"))
MARK = "<<<the only place>>>"


def no_change(snippet, chance):
    return snippet


def trailing_space(snippet, chance):
    return "\n".join(line + chance.choice(["", " ", "  ", "\t"]) for line in snippet.split("\n"))


def dedented(snippet, chance):
    lines = snippet.split("\n")
    margin = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    return "\n".join(line[margin:] if line.strip() else line for line in lines)


def indented(snippet, chance):
    margin = " " * chance.choice([2, 4, 8])
    return "\n".join(margin + line if line.strip() else line for line in snippet.split("\n"))


def with_tabs(snippet, chance):
    return snippet.replace("    ", "\t")


def other_spaces(snippet, chance):
    return "\n".join(" ".join(line.split()) for line in snippet.split("\n"))


def one_letter_off(snippet, chance):
    places = [index for index, letter in enumerate(snippet) if letter.isalpha()][1:-1]
    if not places:
        return snippet
    place = chance.choice(places)
    return snippet[:place] + chance.choice("qzx") + snippet[place + 1 :]


def one_word_lost(snippet, chance):
    """One from the middle: what the text begins and ends with says where it is."""
    parts = re.split(r"(\s+)", snippet)
    words = [place for place, part in enumerate(parts) if part.strip()]
    if len(words) > 8:
        del parts[words[chance.randrange(3, len(words) - 3)]]
    return "".join(parts)


MUTATIONS = (
    *(no_change, trailing_space, dedented, indented),
    *(with_tabs, other_spaces, one_letter_off, one_word_lost),
)


def cases(mutation, count=80):
    chance = random.Random(mutation.__name__)
    while count:
        content = chance.choice(SOURCES).read_text(encoding="utf-8")
        lines = content.split("\n")
        first = chance.randrange(len(lines))
        snippet = "\n".join(lines[first : first + chance.randrange(1, 9)])
        if len(snippet.strip()) > 15 and content.count(snippet) == 1:
            count -= 1
            yield content, snippet, mutation(snippet, chance)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_mutated_edit_is_made_in_the_right_place_or_not_at_all(mutation):
    made = total = 0
    for content, snippet, mutated in cases(mutation):
        total += 1
        result = replace_all(content, [Replacement(mutated, MARK)])
        if result.failed:
            assert result.content == content
            continue
        made += 1
        before, _, after = result.content.partition(MARK)
        expected_before, _, expected_after = content.partition(snippet)
        assert before.rstrip() == expected_before.rstrip(), mutated
        assert after.strip() == expected_after.strip(), mutated
    assert made >= total * 0.85


@given(st.data())
def test_a_place_that_is_found_holds_what_was_asked_for(data):
    """Up to white space, for texts too short to be only nearly the same."""
    lines = data.draw(st.lists(st.text("ab(){} \t", max_size=8), min_size=1, max_size=10))
    content = "\n".join(lines)
    old = data.draw(st.text("ab(){} \t\n", min_size=1, max_size=9))
    spans = find(content, old)
    for span in spans:
        assert "".join(content[span.start : span.end].split()) == "".join(old.split())
    for one, other in pairwise(spans):
        assert one.end <= other.start


@given(
    st.lists(st.text("ab ", max_size=6), min_size=1, max_size=8).map("\n".join),
    st.text("ab \n", min_size=1, max_size=8),
    st.text("xy\\1$&", max_size=5),
)
def test_all_that_is_not_replaced_stays_as_it_is(content, old, new):
    result = replace_all(content, [Replacement(old, new)])
    if result.failed or result.content == content:
        assert result.failed or old == new or result.notes
        return
    [span] = find(content, old)
    assert result.content.startswith(content[: span.start])
    assert result.content.endswith(content[span.end :])


def test_a_later_replacement_sees_the_earlier_one():
    result = replace_all("a b c", [Replacement("a b", "b b"), Replacement("b b c", "d")])
    assert (result.content, result.failed) == ("d", False)
    overlapping = replace_all(
        "one two three", [Replacement("one two", "1 2"), Replacement("two three", "2 3")]
    )
    assert overlapping.content == "1 2 three"
    assert overlapping.failed
