"""apply_patch: whole or not at all, and never in a wrong place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.tools.apply_patch.applying import patched
from callboard.tools.apply_patch.hunks import PatchInvalid, added_text, parse
from callboard.tools.diffs import unified_diff

CODE = """class A:
    def load(self):
        x = 1
        return x

    def save(self):
        x = 1
        return x


def main():
    A().load()
"""


def patch(content, diff):
    return patched(content, parse(diff)).content


def test_a_change_with_context_is_made():
    diff = "@@\n def main():\n-    A().load()\n+    a = A()\n+    a.load()\n"
    assert patch(CODE, diff).endswith("def main():\n    a = A()\n    a.load()\n")


@pytest.mark.parametrize(
    "diff",
    [
        pytest.param("@@\n-        x = 1\n+        x = 2\n", id="twice in the file"),
        pytest.param("@@ class A:\n-        x = 1\n+        x = 2\n", id="twice in the class"),
        pytest.param("@@\n-    y = 1\n+    y = 2\n", id="nowhere"),
        pytest.param("@@ def gone():\n-        x = 1\n+        x = 2\n", id="below nothing"),
        pytest.param("@@ def main():\n-        x = 1\n+        x = 2\n", id="not below that"),
        pytest.param("@@\n+something new\n", id="no place"),
        pytest.param("@@\n def main():\n", id="no change"),
        pytest.param("", id="empty"),
        pytest.param("@@\n*** nonsense\n", id="not a patch"),
        pytest.param("@@ -4,1 +4,1 @@\n-        x = 1\n+        x = 2\n", id="wrong number"),
        pytest.param(
            "@@\n-    A().load()\n+    1\n@@\n def main():\n-    A().load()\n+    2\n", id="overlap"
        ),
        pytest.param("@@\n-def main():\n-  A().load()\n+x\n", id="another shape"),
    ],
)
def test_what_fits_nowhere_or_in_several_places_is_refused(diff):
    with pytest.raises(PatchInvalid):
        patch(CODE, diff)


@pytest.mark.parametrize(
    "head",
    [
        "@@ def save(self):",
        "@@ class A:\n@@ def save(self):",
        "@@     def save(self): @@",
        "@@ save",
        "@@ -7,1 +7,1 @@",
        "--- a/a.py\n+++ b/a.py\n@@ -7 +7 @@ class A:",
    ],
)
def test_a_place_can_be_named(head):
    made = patch(CODE, f"{head}\n-        x = 1\n+        x = 2\n")
    assert made == CODE.replace("save(self):\n        x = 1", "save(self):\n        x = 2")


def test_hunks_come_in_the_order_of_the_file():
    diff = "@@\n-    def save(self):\n+    def store(self):\n@@\n-        x = 1\n+        x = 2\n"
    made = patch(CODE, diff)
    assert made == CODE.replace("save(self):\n        x = 1", "store(self):\n        x = 2")


def test_white_space_is_forgiven_and_that_of_the_file_kept():
    content = "if a:\n\tone()  \n\ttwo()\n"
    assert patch(content, "@@\n     one()\n-    two()\n+    three()\n") == (
        "if a:\n\tone()  \n\tthree()\n"
    )
    assert patch(CODE, "@@\n def main():  \n-    A().load()\t\n+    pass\n").endswith(
        "def main():\n    pass\n"
    )
    shifted = "@@\n def load(self):\n     x = 1\n+    y = 2\n"
    assert "        x = 1\n        y = 2\n        return x" in patch(CODE, shifted)


def test_lines_are_added_at_the_end_below_a_line_and_in_an_empty_file():
    assert patch("a\nb\n", "@@\n+c\n*** End of File\n") == "a\nb\nc\n"
    assert patch("a\nb", "@@\n b\n+c\n") == "a\nb\nc"
    assert patch("# One\n\n# Two\n", "@@ # One\n+text\n") == "# One\ntext\n\n# Two\n"
    assert patch("", "@@ -0,0 +1 @@\n+a\n") == "a\n"
    assert patch("a\nb\na\n", "@@\n-a\n+c\n*** End of File") == "a\nb\nc\n"


def test_a_patch_that_was_applied_is_not_applied_again():
    for diff in (
        "@@\n def main():\n+    print('about to load')\n",
        "@@\n-    A().load()\n+    A().load(now=True, again=False)\n",
        "@@ def save(self):\n+        assert self is not None\n         x = 1\n",
    ):
        once = patch(CODE, diff)
        assert once != CODE
        assert patched(once, parse(diff)).content == once
        assert patched(once, parse(diff)).already == 1


def test_wrapping_lines_of_other_tools_are_passed_over():
    diff = "*** Begin Patch\n*** Update File: a\n@@\n-a\n+b\n\\ No newline at end of file\n*** End Patch"
    assert patch("a\n", diff) == "b\n"
    git = "diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n"
    assert patch("a\n", git) == "b\n"
    assert patch("-- a\nb\n", "@@\n--- a\n b\n") == "b\n"


def test_a_new_file_is_made_of_added_lines_only():
    assert added_text("@@\n+a\n+\n+b\n") == "a\n\nb\n"
    assert added_text("") == ""
    with pytest.raises(PatchInvalid, match="begins with"):
        added_text("a\nb\n")


LINES = st.lists(st.text("ab {}\t", max_size=6), min_size=1, max_size=14)


@given(LINES, LINES)
def test_a_unified_diff_makes_exactly_its_change_or_none(before, after):
    old, new = "".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after)
    try:
        result = patched(old, parse(unified_diff("f", old, new)))
    except PatchInvalid:
        return
    assert result.content == new or result.already


@given(st.text("@+- ab\n*", max_size=60), st.text("ab \n", max_size=30))
def test_any_text_is_a_patch_or_refused(diff, content):
    try:
        patch(content, diff)
        added_text(diff)
    except PatchInvalid as invalid:
        assert str(invalid)  # noqa: PT017 - either outcome is right


@pytest.mark.anyio
class TestTheTool:
    async def test_files_are_created_updated_and_deleted(self, call, root):
        made, failed = await call(
            "apply_patch",
            {"operation": {"type": "create_file", "path": "d/a", "diff": "+one\n+two\n"}},
        )
        assert not failed
        assert made["applied"] == [{"type": "create_file", "path": "d/a"}]
        assert (root / "d/a").read_text() == "one\ntwo\n"
        diff = "@@\n one\n-two\n+2\n"
        changed, _ = await call(
            "apply_patch", {"operation": {"type": "update_file", "path": "d/a", "diff": diff}}
        )
        assert changed["message"] == "Updated file successfully."
        assert (root / "d/a").read_text() == "one\n2\n"
        await call("apply_patch", {"operation": {"type": "delete_file", "path": "d/a"}})
        assert not (root / "d/a").exists()

    async def test_a_failing_hunk_leaves_the_file_alone(self, call, root):
        (root / "a").write_text("one\ntwo\n")
        diff = "@@\n-one\n+1\n@@\n-three\n+3\n"
        value, failed = await call(
            "apply_patch", {"operation": {"type": "update_file", "path": "a", "diff": diff}}
        )
        assert failed
        assert value["errorMessage"].startswith("Hunk 2 of 2: These lines are not in the file")
        assert (root / "a").read_text() == "one\ntwo\n"

    async def test_windows_line_ends_are_kept(self, call, root):
        (root / "a").write_bytes(b"one\r\ntwo\r\n")
        diff = "@@\n one\n-two\n+2\n"
        await call("apply_patch", {"type": "update_file", "path": "a", "diff": diff})
        assert (root / "a").read_bytes() == b"one\r\n2\r\n"

    async def test_an_existing_file_is_not_created_over(self, call, root):
        (root / "a").write_text("mine\n")
        for diff, refused in (("+yours\n", True), ("+mine\n", False)):
            _, failed = await call(
                "apply_patch", {"operation": {"type": "create_file", "path": "a", "diff": diff}}
            )
            assert failed is refused
        assert (root / "a").read_text() == "mine\n"

    @pytest.mark.parametrize("path", ["../x", "/etc/planted", ".env", ".git/config", "nope"])
    async def test_nothing_outside_or_hidden_is_touched(self, call, root, path):
        (root / ".env").write_text("x\n")
        (root.parent / "x").write_text("x\n")
        for operation in (
            {"type": "update_file", "path": path, "diff": "@@\n-x\n+y\n"},
            {"type": "delete_file", "path": path},
        ):
            value, failed = await call("apply_patch", {"operation": operation})
            assert failed
            assert value["errorMessage"]
        assert (root / ".env").read_text() == (root.parent / "x").read_text() == "x\n"
