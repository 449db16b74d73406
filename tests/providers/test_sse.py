"""Server-sent events, however they are cut and however their lines end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.errors import ModelError
from callboard.providers.wire import sse
from callboard.providers.wire.sse import SseParser


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_any_way(end):
    text = end.join(
        [b": comment", b"event: x", b"data: one", b"data:two", b"", b"data: 3", b"", b""]
    )
    for size in (1, 2, 3, len(text)):
        parser = SseParser()
        blocks = [text[start : start + size] for start in range(0, len(text), size)]
        events = [event for block in blocks for event in parser.feed(block)]
        assert [*events, *parser.finish()] == [b"one\ntwo", b"3"]


@given(
    st.lists(st.binary(max_size=3).filter(lambda data: not {*b"\r\n"} & {*data}), max_size=4),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.integers(min_value=1, max_value=9),
)
def test_every_event_arrives_as_it_was_sent_however_it_is_cut(sent, end, size):
    text = b"".join(b"data: " + data + end + end for data in sent)
    parser = SseParser()
    blocks = [text[start : start + size] for start in range(0, len(text), size)]
    events = [event for block in blocks for event in parser.feed(block)]
    assert [*events, *parser.finish()] == sent


def test_a_last_event_without_a_final_newline_counts():
    parser = SseParser()
    assert parser.feed(b"\xef\xbb\xbfdata: 1\n\ndata: 2") == [b"1"]
    assert parser.finish() == [b"2"]


def test_an_endless_line_is_given_up():
    parser = SseParser()
    block = b"x" * (sse.MAX_EVENT_BYTES // 4)
    for _ in range(4):
        parser.feed(block)
    with pytest.raises(ModelError, match="endless"):
        parser.feed(block)
