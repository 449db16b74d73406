"""Forms at the level of requests: whose they are, done once, read strictly, nothing typed lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.entrance.places import local
from callboard.web.forms import FormUnreadable, form_token, is_token, read_fields

FORM = "application/x-www-form-urlencoded"


@given(st.text(min_size=1), st.binary(min_size=16, max_size=16), st.text(min_size=1))
def test_a_mark_is_good_for_the_browser_that_it_was_made_for(secret, nonce, other):
    assert is_token(secret, form_token(secret, nonce))
    assert is_token(other, form_token(secret, nonce)) == (other == secret)


@given(st.binary(min_size=16, max_size=16))
def test_a_browser_without_a_secret_of_its_own_bears_no_mark_that_somebody_could_work_out(nonce):
    assert not is_token("", form_token("", nonce))


@given(st.text(), st.text())
def test_no_other_text_is_a_mark(secret, text):
    assert not is_token(secret, text)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_fields_are_read_as_they_were_typed(typed):
    from urllib.parse import urlencode  # noqa: PLC0415

    fields = read_fields(urlencode(typed).encode(), FORM)
    assert {name: fields.values[name][0] for name in typed} == typed


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"a=%ff", FORM),
        (b"\xff", FORM),
        (b"&".join(b"a=1" for _ in range(1001)), FORM),
        (b"{}", "application/json"),
        (b"a=1", "multipart/form-data; boundary=x"),
        (b"a=1", "text/plain"),
    ],
)
def test_what_no_form_of_ours_sends_is_refused(body, media):
    with pytest.raises(FormUnreadable):
        read_fields(body, media)


@pytest.mark.parametrize(
    "path",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"),
        *("", "evil", "/\nevil", "\t//evil.example", "http:evil", "///evil"),
    ],
)
def test_the_way_on_never_leaves_the_site(path):
    assert local(path) == "/"


@pytest.mark.parametrize("path", ["/", "/tasks?space=a&q=%2F%2Fx", "/tasks/AUTH-1#e12"])
def test_a_way_within_the_site_stays_as_it_is(path):
    assert local(path) == path
