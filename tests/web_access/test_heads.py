"""What a client asks of a proxy, read from whatever bytes it sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.web_access.egress.concealing import Concealing
from callboard.web_access.egress.heads import NoRequest, read_head

END = "\r\n\r\n"


def read(line, *fields):
    return read_head("\r\n".join([line, *fields]).encode("latin-1") + END.encode())


def test_a_tunnel_is_asked_for_by_host_and_port():
    for target, host, port in (
        ("pypi.org:443", "pypi.org", 443),
        ("[::1]:80", "[::1]", 80),
        ("127.1:65535", "127.1", 65_535),
    ):
        head = read(f"CONNECT {target} HTTP/1.1", "Host: elsewhere")
        assert (head.tunnel, head.host, head.port) == (True, host, port)


def test_a_plain_request_names_its_host_in_the_target():
    head = read(
        "GET http://h.test:81/a/b?c=d HTTP/1.0", "X-One: 1 ", "Host: elsewhere", "Connection: x"
    )
    assert (head.host, head.port, head.path, head.body) == ("h.test", 81, "/a/b?c=d", 0)
    assert head.opening("h.test:81") == (
        b"GET /a/b?c=d HTTP/1.1\r\nHost: h.test:81\r\nX-One: 1\r\nConnection: close\r\n\r\n"
    )
    assert read("GET http://h.test?q HTTP/1.1").path == "/?q"
    assert read("GET http://h.test HTTP/1.1").path == "/"


def test_a_field_that_is_put_in_takes_the_place_of_every_other_of_its_name():
    head = read("GET http://h.test/ HTTP/1.1", "authorization: a", "AUTHORIZATION: b", "X: y")
    opening = head.opening("h.test", [("Authorization", "Bearer c")])
    assert opening.lower().count(b"authorization") == 1
    assert b"Authorization: Bearer c\r\n" in opening


@pytest.mark.parametrize(
    "line",
    [
        *("", " ", "GET", "GET / HTTP/1.1", "GET  http://h/ HTTP/1.1", "GET http://h/ HTTP/2"),
        *(
            "GET https://h/ HTTP/1.1",
            "GET ftp://h/ HTTP/1.1",
            "GET http:///x HTTP/1.1",
            "GET http:h HTTP/1.1",
        ),
        *("GET http://a@h/ HTTP/1.1", "GET http://a\\@h/ HTTP/1.1", "GET http://h\\x/ HTTP/1.1"),
        *("GET http://h/#f HTTP/1.1", "GET http://h:0/ HTTP/1.1", "GET http://h:99999/ HTTP/1.1"),
        *("GET http://h:/ HTTP/1.1", "GET http://[h]/ HTTP/1.1", "GET http://h\t/ HTTP/1.1"),
        *("GET http://h/\xe9 HTTP/1.1", "GET http://h/\x7f HTTP/1.1", "G(T http://h/ HTTP/1.1"),
        *(
            "CONNECT h HTTP/1.1",
            "CONNECT h:x HTTP/1.1",
            "CONNECT http://h:1/ HTTP/1.1",
            "CONNECT a@h:1 HTTP/1.1",
        ),
        *("CONNECT h:1/ HTTP/1.1", "CONNECT :1 HTTP/1.1", "connect h:1 HTTP/1.1"),
        "GET http://h/" + "x" * 17_000 + " HTTP/1.1",
    ],
)
def test_what_could_be_read_in_two_ways_is_no_request(line):
    with pytest.raises(NoRequest):
        read(line)


@pytest.mark.parametrize(
    "fields",
    [
        ["Content-Length: 1", "Content-Length: 1"],
        ["Content-Length: 1", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Content-Length: -1"],
        ["Content-Length: 0x1"],
        ["Content-Length: ٣".encode().decode("latin-1")],
        ["Content-Length : 1"],
        ["X: a", " folded"],
        ["no colon"],
        [": empty"],
        ["X: a\nY: b"],
        ["X: a\rY: b"],
        ["X: a\x00b"],
        ["X: " + "y" * 17_000],
        ["X: " + " " * 16_000 + "\x00"],
        ["X" * 16_000],
        ["X: y"] * 201,
    ],
)
def test_fields_that_could_mean_two_things_are_no_request(fields):
    with pytest.raises(NoRequest):
        read("POST http://h.test/ HTTP/1.1", *fields)


def test_the_length_of_a_body_is_known():
    assert read("POST http://h.test/ HTTP/1.1", "Content-Length: 12").body == 12
    assert read("POST http://h.test/ HTTP/1.1", "transfer-encoding: Chunked").body is None


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_none(content):
    try:
        head = read_head(content)
    except NoRequest:
        return
    assert head.tunnel or b"\r\n\r\n" in head.opening("h")


pieces = st.sampled_from(
    [
        "GET",
        "CONNECT",
        " ",
        "http://",
        "h.test",
        ":",
        "80",
        "/",
        "HTTP/1.1",
        "\r\n",
        "\n",
        "\x00",
        "@",
        "\\",
    ]
)


@given(st.lists(pieces, max_size=20).map("".join), st.lists(pieces, max_size=8).map("".join))
def test_a_request_never_becomes_two(line, field):
    try:
        head = read_head(f"GET http://h.test/{line} HTTP/1.1\r\nX: {field}\r\n\r\n".encode())
    except NoRequest:
        return
    opening = head.opening("h.test")
    assert opening.count(b"\r\n\r\n") == 1
    assert opening.count(b"\n") == opening.count(b"\r") == opening.count(b"\r\n")


SECRET = b"abcab-token"


@given(
    st.lists(
        st.one_of(st.binary(max_size=8), st.just(SECRET), st.just(b"abcab"), st.just(b"-token"))
    )
)
def test_a_text_is_concealed_however_the_stream_is_cut(cut):
    whole = b"".join(cut)
    concealing = Concealing(SECRET)
    shown = b"".join([*(concealing.feed(piece) for piece in cut), concealing.rest()])
    assert SECRET not in shown
    assert shown == whole.replace(SECRET, b"*" * len(SECRET))


def test_only_what_may_be_its_beginning_is_held_back():
    concealing = Concealing(SECRET)
    assert concealing.feed(b"data: abc") == b"data: "
    assert concealing.feed(b"d\n") == b"abcd\n"
