"""Tests that a table names."""

from tests.docs.pages import ROOT


def missing(names):
    """Return those of some names, `FILE::TEST`, under which there is no test."""
    parts = {name: name.partition("::") for name in names}
    return [
        name
        for name, (file, _, test) in parts.items()
        if f"def {test}(" not in (ROOT / file).read_text()
    ]
