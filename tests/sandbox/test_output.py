from hypothesis import given
from hypothesis import strategies as st

from callboard.sandbox.commands.output import Captured, plain


def test_short_output_is_kept_as_it_is():
    captured = Captured(10, 10)
    captured.feed(b"short")
    assert captured.text() == "short"


def test_a_character_across_the_boundary_of_head_and_tail_is_not_broken():
    captured = Captured(1, 10)
    captured.feed("é".encode())
    assert captured.text() == "é"


@given(st.lists(st.binary(max_size=30)), st.integers(0, 20), st.integers(0, 20))
def test_head_and_tail_are_the_stream_s_own(pieces, head, tail):
    captured = Captured(head, tail)
    whole = b"".join(pieces)
    for piece in pieces:
        captured.feed(piece)
    if len(whole) <= head + tail:
        assert captured.text() == whole.decode(errors="replace")
    else:
        assert captured.text().startswith(whole[:head].decode(errors="replace"))
        assert captured.text().endswith(whole[len(whole) - tail :].decode(errors="replace"))


@given(st.text())
def test_plain_text_has_no_controls_and_is_stable(text):
    once = plain(text)
    assert not [char for char in once if char < " " and char not in "\n\t"]
    assert plain(once) == once


def test_hidden_terminal_commands_are_removed():
    hidden = "\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1bPq\x1b\\\x9b31mb\x1b(Bc"
    assert plain(hidden) == "alinkbc"
