"""Columns of values, as PostgreSQL reads them."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.stores.postgres.columns import Bigints, Booleans, Bytes, Ints, Texts, register

SURROGATES = ("Cs",)
COLUMNS = st.one_of(
    st.builds(Texts, st.lists(st.none() | st.text(st.characters(exclude_categories=SURROGATES)))),
    st.builds(Bytes, st.lists(st.none() | st.binary())),
    st.builds(Ints, st.lists(st.integers(-(2**31), 2**31 - 1))),
    st.builds(Bigints, st.lists(st.integers(-(2**63), 2**63 - 1))),
    st.builds(Booleans, st.lists(st.booleans())),
)


@pytest.fixture(scope="module")
def connection(postgres_server):
    url = postgres_server.new_database()
    with psycopg.connect(url) as connection:
        register(connection)
        yield connection
    postgres_server.drop(url)


def _stored(value):
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


@given(column=COLUMNS)
def test_a_column_arrives_as_it_was_given_but_for_zeros_in_texts(connection, column):
    found = connection.execute(f"SELECT unnest(%s::{column.type_name}[])", [column])
    assert [value for (value,) in found] == [_stored(value) for value in column.values]


@pytest.mark.parametrize(
    "column", [Ints([2**31]), Ints([1, -(2**31) - 1]), Bigints([2**63]), Bigints([None])]
)
def test_a_number_that_does_not_fit_is_refused_before_it_is_sent(column):
    with pytest.raises(OverflowError, match=column.type_name):
        column.packed()


def test_a_text_that_utf_8_cannot_hold_is_refused_before_it_is_sent():
    with pytest.raises(UnicodeEncodeError):
        Texts(["\ud800"]).packed()
