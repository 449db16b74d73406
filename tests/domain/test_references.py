"""References to agents, and which of them may be spawned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.definition.references import (
    AgentReference,
    matching_spawnable,
    parse_reference,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("thinker", ("thinker", None, None)),
        ("acme/thinker", ("thinker", "acme", None)),
        ("thinker@1.0.0", ("thinker", None, "1.0.0")),
        ("acme/thinker@1.0.0", ("thinker", "acme", "1.0.0")),
        ("file_picker", ("file-picker", None, None)),
        ("ac_me/file_picker@1_0", ("file-picker", "ac_me", "1_0")),
        ("acme/agent@1.0.0@extra", ("agent@1.0.0", "acme", "extra")),
        ("acme/agent@", ("agent@", "acme", None)),
    ],
)
def test_a_reference_has_a_publisher_an_id_and_a_version(text, parts):
    assert parse_reference(text) == AgentReference(*parts)


@pytest.mark.parametrize(
    "text", ["", "/", "a/b/c", "/thinker", "acme/", "//", "a//b", "@1.0.0", "acme/@1.0.0"]
)
def test_what_is_no_reference_has_no_parts(text):
    assert parse_reference(text) is None


@pytest.mark.parametrize("text", ["thinker", "acme/thinker", "thinker@1.0.0", "acme/thinker@1.0.0"])
def test_a_reference_is_spelt_as_it_was_read(text):
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize(
    ("spawnable", "wanted", "entry"),
    [
        # a bare wish takes any entry of that id, the first in the list's order
        (["thinker"], "thinker", "thinker"),
        (["acme/thinker"], "thinker", "acme/thinker"),
        (["thinker@2.0.0"], "thinker", "thinker@2.0.0"),
        (["acme/thinker@1.0.0"], "thinker", "acme/thinker@1.0.0"),
        (["acme/thinker@1.0.0", "thinker"], "thinker", "acme/thinker@1.0.0"),
        (["thinker", "acme/thinker@1.0.0"], "thinker", "thinker"),
        # with a publisher: the publisher must be the same, the version may be any
        (["acme/thinker@1.0.0"], "acme/thinker", "acme/thinker@1.0.0"),
        (["acme/thinker"], "acme/thinker", "acme/thinker"),
        (["other/thinker"], "acme/thinker", None),
        (["thinker"], "acme/thinker", None),
        # with a version: the version must be the same, the publisher may be any
        (["acme/thinker@1.0.0"], "thinker@1.0.0", "acme/thinker@1.0.0"),
        (["thinker@1.0.0"], "thinker@1.0.0", "thinker@1.0.0"),
        (["acme/thinker@2.0.0"], "thinker@1.0.0", None),
        (["thinker"], "thinker@1.0.0", None),
        # fully qualified: nothing but the very same
        (["acme/thinker@1.0.0"], "acme/thinker@1.0.0", "acme/thinker@1.0.0"),
        (["thinker"], "acme/thinker@1.0.0", None),
        (["acme/thinker"], "acme/thinker@1.0.0", None),
        (["thinker@1.0.0"], "acme/thinker@1.0.0", None),
        (["acme/thinker@1.0.1"], "acme/thinker@1.0.0", None),
        (["other/thinker@1.0.0"], "acme/thinker@1.0.0", None),
        # underscores in the id mean hyphens, on either side
        (["file-picker"], "file_picker", "file-picker"),
        (["file_picker"], "file-picker", "file_picker"),
        (["acme/file-picker@1.0.0"], "acme/file_picker@1.0.0", "acme/file-picker@1.0.0"),
        (["ac-me/thinker"], "ac_me/thinker", None),
        # others, oddities
        (["reviewer"], "thinker", None),
        ([], "thinker", None),
        (["thinker"], "", None),
        (["thinker"], "a/b/thinker", None),
        (["a/b/c", "thinker"], "thinker", "thinker"),
        (["", "/", "thinker"], "thinker", "thinker"),
        (["Thinker"], "thinker", None),
    ],
)
def test_a_wish_is_met_by_the_first_entry_that_permits_it(spawnable, wanted, entry):
    assert matching_spawnable(spawnable, wanted) == entry


references = st.builds(
    lambda publisher, name, version: f"{publisher}{name}{version}",
    st.sampled_from(["", "acme/", "other/"]),
    st.sampled_from(["thinker", "file-picker", "file_picker"]),
    st.sampled_from(["", "@1.0.0", "@2.0.0"]),
)


@given(st.lists(references, max_size=5), references)
def test_what_is_permitted_is_in_the_list_and_has_the_wanted_id(spawnable, wanted):
    entry = matching_spawnable(spawnable, wanted)
    if entry is not None:
        own, child = parse_reference(entry), parse_reference(wanted)
        assert own is not None
        assert child is not None
        assert entry in spawnable
        assert own.id == child.id
        assert child.publisher in (None, own.publisher)
        assert child.version in (None, own.version)


@given(st.lists(references, max_size=5), references)
def test_an_agent_may_spawn_exactly_what_its_list_names(spawnable, wanted):
    assert matching_spawnable([wanted, *spawnable], wanted) == wanted


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_may_be_asked_for(wanted, spawnable):
    assert matching_spawnable(spawnable, wanted) in (None, *spawnable)
