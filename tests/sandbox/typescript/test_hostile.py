"""Texts that somebody wrote to break the linker: it refuses them or links them, in bounded time."""

import _quickjs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.sandbox.programs.typescript.edits import Edits
from callboard.sandbox.programs.typescript.link import LinkError, link

SIZE = 1_000_000
REPEATED = [
    "(", "[", "{", "<a>(", "{a:", "a<", "!", "a=>", "`${", "<", "if(a)", "x as ", "type A=keyof ", "a?b:c,", "/*", "'", "@a ",
    "enum A{B=1 as any}\n", "class A{constructor(private a){}}\n", "import {a} from 'x'\n", "export {a};", "let x: ",
    "export const [a,b]=c;", "namespace a ", "declare ", "require('x');", "import.meta;", "function f():", "\n", "é",
]  # fmt: skip


@pytest.mark.parametrize("piece", REPEATED)
def test_a_long_text_of_anything_is_refused_or_linked(piece):
    for file in ("a.ts", "a.js"):
        assert len(linked((piece * 150_000)[:150_000], file)) < 6_000_000


@pytest.mark.parametrize("piece", ["a<", "a=>", "let x: string = f(1)!\n", "export const [a,b]=c;"])
def test_a_megabyte_is_refused_or_linked(piece):
    assert len(linked((piece * SIZE)[:SIZE], "a.ts")) < 30 * SIZE


def linked(text, file):
    """Return the script, or why there is none."""
    try:
        return link({file: text}, file)
    except LinkError as refusal:
        return str(refusal)


def test_a_file_of_more_than_a_megabyte_is_refused():
    with pytest.raises(LinkError, match=r"a\.ts: is larger than 1024 KiB"):
        link({"a.ts": "a" * (1 << 20) + "b"}, "a.ts")


PIECES = st.sampled_from(
    [*"(){}[]<>;:,.=!?@#`'\"/\\$*&|\n ", "import ", "export ", "default ", "type ", "from './b' ", "as ", "enum ", "class ",
     "function* ", "=> ", "const a", "async ", "namespace ", "constructor(private ", "__proto__", "export * ", "\u2028", "é", "'x'"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(["a.ts", "a.tsx", "a.js"]))
def test_no_text_brings_forth_another_error_than_ours(text, file):
    try:
        script = link({file: text, "b.ts": "export default 1"}, file)
    except LinkError:
        return
    assert file in (complaint(script) or file)


def complaint(script):
    context = _quickjs.Context()
    context.set_time_limit(2)
    try:
        context.eval(script)
    except _quickjs.JSException as failure:
        return str(failure)
    return None


@given(
    st.binary(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)
)
def test_edits_keep_the_lines_of_a_source(source, ranges):
    edits = Edits(source)
    for start, end in ranges:
        if start <= end <= len(source):
            edits.blank(start, end)
    assert edits.render().count(b"\n") == source.count(b"\n")
    assert len(edits.render()) == len(source)


def test_a_chain_of_imports_may_be_long(run):
    files = {f"{n}.ts": f"import a from './{n + 1}'; export default a" for n in range(200)}
    assert run({**files, "200.ts": "export default 1"}, "0.ts") == 1


def test_names_from_prototypes_are_names(value):
    text = (
        "import * as x from './__proto__'; export default [x.__proto__, x.constructor, x.toString]"
    )
    exports = "const a = 1; export { a as __proto__, a as constructor, a as toString }"
    assert value(text, **{"__proto__.ts": exports}) == [1, 1, 1]


def test_an_endless_program_is_the_engines_business():
    context = _quickjs.Context()
    context.set_time_limit(0.1)
    with pytest.raises(_quickjs.JSException, match="interrupted"):
        context.eval(link({"a.ts": "for (;;) {}"}, "a.ts"))


def test_what_is_thrown_need_not_be_an_error(refusal):
    assert refusal({"a.ts": "\nthrow 'x'"}) == "Error: a.ts: threw x"
    assert refusal({"a.ts": "throw { toString() { throw 1 } }"}) == "Error: a.ts: failed"
