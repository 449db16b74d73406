import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.web.render.links import may_be_followed, where
from callboard.web.render.markdown import prose

from .markup import Element, read
from .payloads import PAYLOADS

PIECES = (
    *(
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "!",
        "`",
        "```",
        "*",
        "**",
        "_",
        "~~",
        "|",
        "\n",
        "\n\n",
        "    ",
        "- ",
        "1. ",
    ),
    *(
        "# ",
        "> ",
        "---",
        "&#x202e;",
        "&lt;",
        "\\",
        "https://a.example",
        "javascript:",
        "word",
        "|-|",
        ":",
        '"',
        "'",
    ),
)
MESSY = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=60).map("".join)
WORDS = st.lists(st.from_regex(r"[a-z]{1,8}[.,]?", fullmatch=True), min_size=1, max_size=30)


def page(text: str) -> Element:
    return read(prose(text))


@settings(deadline=None)
@given(MESSY)
def test_any_text_becomes_well_formed_markup_of_allowed_elements(text: str):
    page(text)


@settings(deadline=None)
@given(WORDS, st.sampled_from(["", "# ", "> ", "- ", "1. ", "    ", "**", "> > - "]))
def test_every_word_that_was_written_can_be_read(words: list[str], before: str):
    said = page(before + " ".join(words)).text
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_stays_text(payload: str):
    root = page(payload)
    assert not {one.tag for one in root.every()} & {"svg", "title", "img", "script"}
    for link in root.every("a"):
        assert may_be_followed(link.attributes["href"])


def test_an_image_is_a_link_with_its_text_and_where_it_leads():
    root = page("![a plan](https://pictures.example/plan.png)")
    (link,) = root.every("a")
    assert (link.text, link.attributes["href"]) == ("a plan", "https://pictures.example/plan.png")
    assert root.named("prose-to")[0].text == "(pictures.example)"


def test_a_link_says_where_it_leads_unless_it_is_its_own_address():
    assert (
        page("[https://bank.example](https://evil.example/login)").named("prose-to")[0].text
        == "(evil.example)"
    )
    assert page("<https://evil.example/login>").named("prose-to") == []
    assert page("[docs.example](https://docs.example/)").named("prose-to") == []


def test_a_host_in_letters_of_another_script_is_shown_in_plain_ones():
    root = page("[apple.com](https://\u0430pple.com/)")
    assert root.named("prose-to")[0].text == "(xn--pple-43d.com)"


@pytest.mark.parametrize(
    "address",
    [
        "https://good.example@evil.example/",
        "https://good.example:x@evil.example/",
        "javascript:alert(1)",
        "//evil.example",
        "/tasks",
        "https:evil.example",
        "https://",
        "https://a b.example",
        "https://a.example\\@b.example",
        "https://a.example:port/",
        "mailto:a@b.example?body=x,c@d.example%0abcc",
        "https://a.example/" + "x" * 3_000,
        "https://ex\u0430mple.com",
    ],
)
def test_an_address_that_does_not_plainly_say_where_it_leads_is_no_link(address: str):
    assert not may_be_followed(address)


def test_a_mail_says_whom_it_goes_to():
    root = page("[write to us](mailto:help@team.example)")
    assert root.named("prose-to")[0].text == "(help@team.example)"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_asking_about_an_address_never_fails(address: str):
    assert may_be_followed(address) == (where(address) is not None)


def test_headings_leave_the_first_level_to_the_page():
    tags = [one.tag for one in page("# a\n## b\n###### c").every()]
    assert tags == ["h3", "h4", "h6"]
    assert read(prose("# a", top=2)).children[0] == Element("h2", {}, ["a"])


def test_code_is_coloured_by_the_language_that_it_names():
    root = page('```python\ndef f():\n    return "x"\n```')
    assert root.named("code-k")[0].text == "def"
    assert root.named("prose-language")[0].text == "python"
    assert page("```klingon\nq\n```").text == "klingonq"


def test_a_table_has_its_columns_on_the_side_that_was_asked_for():
    root = page("| a | b |\n|--:|:-:|\n| 1 | 2 |")
    assert [cell.attributes.get("class") for cell in root.every("td")] == [
        "prose-right",
        "prose-center",
    ]


def test_a_long_text_is_cut_at_a_line_and_says_how_much_is_left():
    text = "A line.\n\n" * 100
    root = read(prose(text, limit=400))
    (said,) = root.named("prose-cut")
    assert (
        said.text == f"Cut here: {len(text) - 395:,} more characters."
        or "more characters" in said.text
    )
    assert root.text.count("A line.") == 44


def test_text_nested_deeper_than_anybody_writes_is_shown_as_it_was_written():
    assert page(">" * 80 + " deep").text == ">" * 80 + " deep"


def test_an_address_that_is_written_once_cannot_be_used_a_thousand_times():
    text = "[a]: https://a.example/" + "x" * 1_000 + "\n\n" + "[a]" * 5_000
    assert len(prose(text)) < 2 * len(text)


def test_more_brackets_than_anybody_writes_are_shown_as_they_were_written():
    text = "![[" * 1_500
    assert page(text).text == text
    assert [one.tag for one in page(text).every()] == ["pre", "code"]


def test_invisible_characters_are_seen_even_where_entities_hide_them():
    root = page("&#x202e;abc `a\u200bb`")
    assert [one.text for one in root.named("inv")] == ["U+202E", "ZWSP"]
