import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.web.render.code import CLASSES, LARGEST, highlighted, lines_of
from callboard.web.render.languages import language_of

from .markup import read
from .payloads import PAYLOADS

CSS = Path(__file__).resolve().parents[3] / "src" / "callboard" / "web" / "static" / "css"
LANGUAGES = sorted(
    {
        name
        for file in (
            "a.py",
            "a.ts",
            "a.go",
            "a.sh",
            "a.sql",
            "a.html",
            "Makefile",
            "a.rb",
            "a.yaml",
        )
        if (name := language_of(file=file))
    }
)
CODE = st.lists(
    st.sampled_from(
        [
            "def ",
            "f(",
            ")",
            "{",
            "}",
            '"',
            "'",
            '"""',
            "//",
            "/*",
            "*/",
            "#",
            "<",
            ">",
            "\n",
            "  ",
            "\\",
            "${",
            "`",
        ]
    )
    | st.text(max_size=5),
    max_size=60,
).map("".join)


@settings(deadline=None, max_examples=200)
@given(CODE, st.sampled_from(LANGUAGES))
def test_colours_change_no_character(text: str, language: str):
    assert ["".join(piece for _, piece in line) for line in lines_of(text, language)] == text.split(
        "\n"
    )
    root = read(highlighted(text, language=language))
    names = {name for one in root.every() for name in one.attributes["class"].split()}
    assert names <= CLASSES | {"inv"}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_in_code_is_code(payload: str):
    for language in ("python", "html", "javascript", "nothing"):
        assert {one.tag for one in read(highlighted(payload, language=language)).every()} <= {
            "span"
        }


@pytest.mark.parametrize(
    ("file", "language"),
    [
        ("src/app/claim.py", "python"),
        ("Dockerfile", "docker"),
        ("a/Makefile", "make"),
        ("x.TSX", "typescript"),
        ("README", None),
        ("a.xyz", None),
        ("", None),
    ],
)
def test_the_language_is_known_by_the_name_of_the_file(file: str, language: str | None):
    assert language_of(file=file) == language


def test_a_text_of_an_unknown_language_is_plain():
    assert highlighted("a < b", language="klingon") == "a &lt; b"


def test_a_very_large_text_is_plain():
    assert "<span" not in highlighted("x = 1\n" * (LARGEST // 6 + 1), language="python")


def test_one_long_line_does_not_take_the_colours_from_the_others():
    root = read(highlighted("def f(): pass\n" + "x" * 5_000 + "\ndef g(): pass", language="python"))
    assert [one.text for one in root.named("code-f")] == ["f", "g"]


def test_colours_go_on_beyond_what_is_read_at_once():
    root = read(highlighted("def f():\n    pass\n\n" * 1_000, language="python"))
    assert len(root.named("code-f")) == 1_000


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    wide = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(wide[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colours(sheet: str) -> dict[str, tuple[str, str]]:
    text = (CSS / sheet).read_text(encoding="utf-8")
    found = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", text)
    return {name: (light, dark) for name, light, dark in found}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_code_is_readable_on_every_ground_it_stands_on(theme: int):
    tokens, code = _colours("tokens.css"), _colours("code.css")
    assert len(code) >= 8
    for ground in ("bg", "hover", "add", "del"):
        for name in (*code, "text"):
            pair = [_luminance({**tokens, **code}[one][theme]) for one in (name, ground)]
            assert (max(pair) + 0.05) / (min(pair) + 0.05) >= 4.5, f"{name} on {ground}"
