"""The code map: names by language, within bounds; and the tools that are made of it."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.sandbox.workspaces import open_workspaces
from callboard.tools.code_map.languages import language_of
from callboard.tools.code_map.project import CodeMap, map_files
from callboard.tools.code_map.symbols import LARGEST_SOURCE, symbols
from callboard.tools.find_files.ranking import Document, rank
from callboard.tools.read_subtree.printing import print_names, print_tree

SOURCES = {
    "a.py": (
        "X = 1\nclass A:\n    def m(self):\n        y = 2\nasync def f(): ...\n",
        ("X", "A", "m", "f"),
    ),
    "a.js": (
        "const q = 1; export const z = () => 1; function f() { const no = 1 } class C { m() {} }",
        ("q", "z", "f", "C", "m"),
    ),
    "a.ts": (
        (
            "interface I {}; type T = 1; enum E {A}; export class C { m(): void {} };"
            "abstract class D {}; declare function g(): void"
        ),
        ("I", "T", "E", "C", "m", "D", "g"),
    ),
    "a.tsx": ("export const App = () => <div/>; function Foo() { return <a/> }", ("App", "Foo")),
    "a.go": (
        "package p\nconst c = 1\nvar v = 2\ntype T struct{}\nfunc (t T) M() {}\nfunc F() {}\n",
        ("c", "v", "T", "M", "F"),
    ),
    "a.rs": (
        "pub fn f() {} struct S; enum E {} trait T { fn q(&self); } const C: u8 = 1; mod m2 {}",
        ("f", "S", "E", "T", "q", "C", "m2"),
    ),
    "A.java": (
        "class A { void m() {} } interface I {} enum E {} record R(int a) {}",
        ("A", "m", "I", "E", "R"),
    ),
    "a.c": (
        "#define N 1\nstruct s { int a; };\ntypedef int t;\nint f(void) { return 0; }\nint *g(int a);\n",
        ("N", "s", "t", "f", "g"),
    ),
    "a.cpp": (
        "namespace n { class A { void m(); }; void A::k() {} } using B = int; int f() {}",
        ("n", "A", "m", "k", "B", "f"),
    ),
    "a.cs": (
        "class A { int P {get;set;} void M() {} } interface I {} struct S {} enum E {}",
        ("A", "P", "M", "I", "S", "E"),
    ),
    "a.rb": (
        "module M\nclass A\ndef m; end\ndef self.s; end\nend\nend\nX = 1\n",
        ("M", "A", "m", "s", "X"),
    ),
    "a.php": (
        "<?php function f() {} class A { const C = 1; function m() {} } interface I {} trait T {}",
        ("f", "A", "C", "m", "I", "T"),
    ),
}


@pytest.mark.parametrize("path", SOURCES)
def test_every_language_has_its_names(path):
    text, names = SOURCES[path]
    assert symbols(path, text) == names


def test_files_of_other_kinds_have_no_names():
    assert symbols("a.md", "# def f(): ...") == ()
    assert symbols("Makefile", "f:") == ()
    assert language_of("A.PY") == "python"


def test_a_file_that_is_too_large_or_takes_too_long_has_no_names():
    assert symbols("a.py", "def f(): ...\n" + "#" * LARGEST_SOURCE) == ()
    assert symbols("a.py", "x = 1\n" * 20_000, within_s=0.0) == ()


@pytest.mark.parametrize(
    "text",
    [
        "(" * 390_000,
        "a[" * 50_000,
        "if x:\n " * 5_000,
        "def f():\n " + "( " * 90_000,
        "\udc80\0\ufeff",
    ],
)
@pytest.mark.parametrize("ending", sorted(SOURCES))
def test_hostile_sources_do_no_harm(ending, text):
    symbols(ending, text, within_s=0.2)


@given(st.text(max_size=200), st.sampled_from(sorted(SOURCES)))
def test_names_are_parts_of_the_text(text, path):
    for name in symbols(path, text):
        assert name in text


FILES = [f"{top}/{deep}/{name}.py" for top in "ab" for deep in "xyz" for name in ("one", "two")]
NAMES = {path: tuple(f"name_{number}" for number in range(30)) for path in FILES}


@given(st.integers(20, 3000))
def test_a_tree_keeps_to_its_tokens_and_says_what_is_missing(most):
    whole = print_tree([*FILES, "uv.lock"], "", CodeMap(NAMES), most_tokens=10_000)
    assert whole.level == "none"
    assert "uv.lock" in whole.text
    printed = print_tree([*FILES, "uv.lock"], "", CodeMap(NAMES), most_tokens=most)
    assert printed.tokens <= most
    assert (printed.level == "none") == (printed.text == whole.text)


def test_detail_goes_before_depth():
    levels = [
        print_tree([*FILES, "uv.lock"], "", CodeMap(NAMES), most_tokens=most).level
        for most in (5000, whole_tokens() - 1, 300, 60, 20)
    ]
    assert levels == ["none", "unimportant-files", "tokens", "tokens", "depth-based"]
    deep = print_tree(FILES, "", CodeMap(), most_tokens=45)
    below = "".join(f"  {name}/\n    (2 files)\n" for name in "xyz")
    assert deep.text == f"a/\n{below}b/\n{below}".rstrip()
    deeper = print_tree(FILES, "", CodeMap(), most_tokens=30)
    assert deeper.text == "a/\n  (6 files)\nb/\n  (6 files)"


def whole_tokens():
    return print_tree([*FILES, "uv.lock"], "", CodeMap(NAMES), most_tokens=10_000).tokens


def test_a_tree_is_printed_with_the_most_used_names_first():
    known = CodeMap({"a.py": ("rare", "often")})
    known.uses.update({"rare": 1, "often": 9})
    assert print_tree(["a.py", "d/b.md"], "", known, most_tokens=100).text == (
        "a.py: often, rare\nd/\n  b.md"
    )
    assert print_names(["abc", "def"], most_tokens=2) == (["abc"], "tokens")


@pytest.mark.anyio
class TestReadSubtree:
    @pytest.fixture(autouse=True)
    def project(self, root):
        (root / "src" / "deep").mkdir(parents=True)
        (root / "out").mkdir()
        (root / ".gitignore").write_text("out/\n")
        (root / "src" / "a.py").write_text("def helper(): ...\ndef main(): helper(); helper()\n")
        (root / "src" / "deep" / "b.go").write_text("package b\nfunc Go() {}\n")
        (root / "out" / "c.py").write_text("def hidden(): ...\n")

    async def test_directories_are_trees_and_files_are_lists_of_names(self, call, root):
        paths = ["src/", "src/a.py", "nope", "out", f"{root}/src/deep"]
        value, failed = await call("read_subtree", {"paths": paths})
        assert not failed
        assert value[0]["printedTree"] == "a.py: helper, main\ndeep/\n  b.go: Go"
        assert (value[0]["path"], value[0]["type"]) == ("src", "directory")
        assert value[1] == {
            "path": "src/a.py",
            "type": "file",
            "variables": ["helper", "main"],
            "tokenCount": 4,
            "truncationLevel": "none",
        }
        for row, path in zip(value[2:4], ("nope", "out"), strict=True):
            assert row == {"path": path, "errorMessage": f"Path not found or ignored: {path}"}
        assert value[4]["printedTree"] == "b.go: Go"

    async def test_no_path_means_the_whole_project(self, call):
        value, _ = await call("read_subtree", {})
        [row] = value
        assert row["path"] == "."
        assert row["printedTree"].startswith(".gitignore\nsrc/\n  a.py: helper, main")
        assert row["truncationLevel"] == "none"

    async def test_all_paths_share_the_tokens(self, call, root):
        for number in range(400):
            (root / "src" / f"module_{number}.py").write_text("")
        value, _ = await call("read_subtree", {"paths": [".", "src", "src/a.py"], "maxTokens": 300})
        assert sum(row["tokenCount"] for row in value) <= 300
        assert value[2]["variables"] == ["helper", "main"]

    async def test_files_that_lead_out_of_the_project_are_not_read(self, call, root):
        secret = root.with_name("secret.py")
        secret.write_text("def secret(): ...\n")
        (root / "src" / "link.py").symlink_to(secret)
        value, _ = await call("read_subtree", {"paths": [".", "src/link.py", "../secret.py"]})
        assert "secret" not in value[0]["printedTree"]
        assert all("errorMessage" in row for row in value[1:])


@pytest.mark.anyio
class TestFindFiles:
    async def test_names_that_a_file_defines_count_wherever_they_are_in_it(self, call, root):
        (root / "a.py").write_text("#\n" * 4000 + "def reticulate_splines(): ...\n")
        (root / "b.py").write_text("# splines are nice\n")
        (root / "c.py").write_text("x = 1\n")
        value, _ = await call("find_files", {"prompt": "where does reticulate_splines live?"})
        assert [row["path"] for row in value] == ["a.py", "b.py"]

    async def test_of_equal_files_the_one_that_was_changed_last_comes_first(self, call, root):
        for name, changed in (("login_a.py", 1_000), ("login_b.py", 3_000), ("login_c.py", 2_000)):
            (root / name).write_text("x = 1\n")
            os.utime(root / name, (changed, changed))
        value, _ = await call("find_files", {"prompt": "login"})
        assert [row["path"] for row in value] == ["login_b.py", "login_c.py", "login_a.py"]


def test_recency_never_beats_relevance():
    documents = [Document("login.py", modified=1), Document("other.py", "login", modified=9)]
    assert rank("login", documents) == ["login.py", "other.py"]


@pytest.mark.anyio
async def test_mapping_stops_at_its_bounds_and_passes_over_what_cannot_be_read(tmp_path, root):
    opened = await open_workspaces(tmp_path / "state").open(str(root))
    (root / "a.py").write_text("def one(): ...\n")
    (root / "b.md").write_text("text")
    (root / "c.py").write_bytes(b"\0\0")
    known = map_files(opened.files, ["a.py", "b.md", "c.py", "nope.py", "../x.py"])
    assert dict(known.names) == {"a.py": ("one",)}
    await opened.close()
