"""What sloppy models mean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.engine.repair import meant_name, repaired_object

from .made import json_values, texts

NAMES = ("read_files", "run_terminal_command", "set_output")


@pytest.mark.parametrize(
    "written",
    ["read_files", "read-files", "Read_Files", "readFiles", "functions.read_files", " read_files"],
)
def test_a_name_that_is_almost_right_means_the_one_tool_that_it_can_mean(written):
    assert meant_name(written, NAMES) == "read_files"


@pytest.mark.parametrize("written", ["read", "files", "", "read_file", "delete_files"])
def test_a_name_that_could_mean_several_things_or_none_stays_as_it_is(written):
    assert meant_name(written, NAMES) == written


def test_two_tools_that_differ_in_spelling_only_are_never_taken_for_each_other():
    assert meant_name("READ_FILES", ("read_files", "read-files")) == "READ_FILES"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2], "b": "x"}',
        '{"a": [1, 2,], "b": "x",}',
        '```json\n{"a": [1, 2], "b": "x"}\n```',
        "{'a': [1, 2], 'b': 'x'}",
        json.dumps('{"a": [1, 2], "b": "x"}'),
    ],
)
def test_an_object_is_read_however_it_is_dressed(text):
    assert repaired_object(text) == {"a": [1, 2], "b": "x"}


def test_python_words_are_read_as_what_they_mean():
    assert repaired_object("{'a': True, 'b': None}") == {"a": True, "b": None}


def test_one_bare_word_for_a_value_is_a_text():
    assert repaired_object('{"path": src/app.py}') == {"path": "src/app.py"}


@pytest.mark.parametrize(
    "text",
    [
        '{"path": "a.py", "content": "half a fi',
        '{"a": 1',
        "",
        "nonsense",
        "[1, 2]",
        '"text"',
        "{'a': open('x')}",
        "{" * 5000,
        '{"a": ' + "[" * 3000,
    ],
)
def test_what_is_cut_off_or_no_object_is_not_completed(text):
    assert repaired_object(text) is None


def test_a_comma_in_a_string_stays():
    assert repaired_object('{"a": "x,}", "b": 1,}') == {"a": "x,}", "b": 1}


@given(st.dictionaries(texts, json_values, max_size=4))
def test_an_object_that_is_right_is_never_changed(value):
    assert repaired_object(json.dumps(value)) == value


@given(st.text(max_size=60))
def test_nothing_that_a_model_writes_raises(text):
    found = repaired_object(text)
    assert found is None or isinstance(found, dict)
