import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.tools.find_files.ranking import Document, rank, words
from callboard.tools.glob.pattern import compiled
from callboard.tools.str_replace.replacing import Replacement, replace_all

CODE = "class A:\n    def one(self):\n        return 1\n\n    def two(self):\n        return 2\n"


def replaced(content, old, new, *, multiple=False):
    return replace_all(content, [Replacement(old, new, multiple)])


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        pytest.param("return 1", "return 3", "        return 3", id="exact"),
        pytest.param(
            "def one(self):  \n        return 1\t", "def one(self): ...", "def one", id="ends"
        ),
        pytest.param(
            "def one(self):\n    return 1\n",
            "def one(self):\n    if x:\n        return 3\n",
            "    def one(self):\n        if x:\n            return 3\n",
            id="indentation, the new text re-indented",
        ),
        pytest.param(
            "def one( self ) :\nreturn 1", "def one(): 3", "    def one(): 3\n", id="space"
        ),
        pytest.param(
            "    def one(slf):\n        return 1",
            "    def one(self):\n        return 3",
            "        return 3\n",
            id="nearly",
        ),
    ],
)
def test_the_one_place_that_can_be_meant_is_found(old, new, wanted):
    result = replaced(CODE, old, new)
    assert not result.failed
    assert wanted in result.content
    assert "return 2" in result.content


@pytest.mark.parametrize(
    "old",
    ["self", "def", "return", "  def  ", "\treturn", "def xyz(self):", "def on_e(self)", "zzz"],
)
def test_what_could_be_several_places_or_none_is_never_changed(old):
    result = replaced(CODE, old, "something else")
    assert result.failed
    assert result.content == CODE


def test_every_occurrence_is_replaced_when_asked_for():
    assert replaced("a b a", "a", "c", multiple=True).content == "c b c"


def test_overlapping_occurrences_and_equal_texts_are_harmless():
    assert replaced("aaa", "aa", "b").content == "ba"
    assert replaced("aaa", "a", "a").failed
    assert replaced("aaa", "", "b").failed


def test_edges_of_the_file_are_found():
    assert replaced("no newline at the end", "at the end", "here").content == "no newline here"
    assert replaced("x\n", "x\n", "").content == ""


@given(
    st.text("ab\n ", max_size=30),
    st.text("ab\n ", min_size=1, max_size=6),
    st.text("xy", max_size=4),
)
def test_exact_single_occurrences_are_replaced_literally(content, old, new):
    if content.count(old) == 1 and content.find(old) == content.rfind(old):
        assert replaced(content, old, new).content == content.replace(old, new)


@given(
    st.text("ab\n ", max_size=30),
    st.text("ab\n ", min_size=1, max_size=6),
    st.text("ab\n", max_size=6),
)
def test_repeating_an_exact_replacement_never_changes_more(content, old, new):
    if content.count(old) != 1 or old not in new:
        return
    once = replaced(content, old, new).content
    assert replaced(once, old, new).content == once


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "a.py", True),
        ("*.py", "a/b.py", False),
        ("**/*.py", "b.py", True),
        ("**/*.py", "a/b/c.py", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a/**/b", "a/b", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab].py", "a.py", True),
        ("[!ab].py", "a.py", False),
        ("{a,b/{c,d}}.py", "b/d.py", True),
        ("a+(b).py", "a+(b).py", True),
        ("./src/*.py", "src/a.py", True),
    ],
)
def test_globs_mean_what_shells_mean(pattern, path, matches):
    assert bool(compiled(pattern).fullmatch(path)) is matches


@pytest.mark.timeout(60)
def test_hostile_globs_end(anyio_backend):
    compiled("**/" * 50 + "x").fullmatch("a/" * 100 + "y")
    compiled("{a,b}" * 40)


def test_words_are_split_at_case_and_underscores():
    assert words("getHTTPUser_name2") == ["get", "http", "user", "name", "2"]


def test_a_word_of_the_path_counts_more_than_one_of_the_text():
    documents = [Document("other.py", "login login"), Document("login.py", "")]
    assert rank("login", documents) == ["login.py", "other.py"]


def test_a_path_that_is_named_comes_first():
    documents = [Document("src/login.py", "login login"), Document("docs/a.md", "")]
    assert rank("fix login in docs/a.md", documents)[0] == "docs/a.md"


def test_nothing_in_common_is_not_found():
    assert rank("zebra", [Document("a.py", "x")]) == []
    assert rank("", []) == []
