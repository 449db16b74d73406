"""The page on security names tests that exist."""

import re

from tests.docs.pages import ROOT

ROW = re.compile(r"^\| .+ \| .+ \| `(test_\w+)` \|$", re.MULTILINE)


def test_every_promise_of_the_security_page_names_a_test_that_exists():
    promised = ROW.findall((ROOT / "docs" / "security.md").read_text())
    source = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    assert len(promised) >= 20
    assert [name for name in promised if f"def {name}(" not in source] == []
