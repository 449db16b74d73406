"""What is to be done in the sample: the spaces' repositories, and a change for every title."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Fate = Literal["straight", "sent_back", "fails", "asks"]

REPOSITORIES: Final[Mapping[str, Mapping[str, str]]] = {
    "checkout": {
        ".gitignore": "__pycache__/\n",
        "README.md": "# Checkout\n\nThe basket, its prices and what happens after somebody pays.\n\n## Changes\n",
        "shop/__init__.py": '"""The shop\'s checkout."""\n',
        "shop/cart.py": (
            '"""The basket."""\n\n\ndef total(lines):\n    """Return the sum of the lines, in cents."""\n'
            '    return sum(line["cents"] * line["count"] for line in lines)\n'
        ),
        "shop/auth/__init__.py": "",
        "shop/auth/session.py": '"""Sessions."""\n\nLIFETIME_S = 86_400\n',
        "tests/__init__.py": "",
        "tests/test_cart.py": (
            "import unittest\n\nfrom shop.cart import total\n\n\nclass Totals(unittest.TestCase):\n"
            "    def test_an_empty_basket_costs_nothing(self):\n        self.assertEqual(total([]), 0)\n"
        ),
    },
    "handbook": {
        "README.md": "# Handbook\n\nHow to use the shop, for customers and for those who help them.\n\n## Changes\n",
        "docs/index.md": "# Welcome\n\nBegin with [your first order](first-order.md).\n",
        "docs/first-order.md": "# Your first order\n\n1. Put something into the basket.\n2. Pay.\n",
    },
    "pipelines": {
        ".gitignore": "__pycache__/\n",
        "README.md": "# Pipelines\n\nWhat becomes of the day's orders overnight.\n\n## Changes\n",
        "etl/__init__.py": '"""The nightly imports."""\n',
        "etl/orders.py": (
            '"""Orders of a day."""\n\n\ndef by_day(orders):\n    """Return the orders by their day."""\n'
            "    days = {}\n    for order in orders:\n        days.setdefault(order['day'], []).append(order)\n"
            "    return days\n"
        ),
        "tests/__init__.py": "",
        "tests/test_orders.py": (
            "import unittest\n\nfrom etl.orders import by_day\n\n\nclass Days(unittest.TestCase):\n"
            "    def test_no_orders_make_no_days(self):\n        self.assertEqual(by_day([]), {})\n"
        ),
    },
}
"""The files of each space's repository at its first commit."""

_FAILS: Final = ("deduplicate", "translate")
_ASKS: Final = ("which", "migrate")
_OFTEN: Final = 5
"""One of so many titles is sent back by its reviewer."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A file with its whole new content, and one sentence about it."""

    path: str
    content: str
    why: str


def fate_of(title: str) -> Fate:
    """Return what becomes of a task of this title, always the same."""
    first = title.lower().partition(" ")[0]
    if first in _ASKS:
        return "asks"
    if first in _FAILS and zlib.crc32(title.encode()) % 3 == 0:
        return "fails"
    return "sent_back" if zlib.crc32(title.encode()) % _OFTEN == 0 else "straight"


def edits_for(title: str, paths: str, attempt: int) -> tuple[Edit, ...]:
    """Return the change that a task of this title comes to: `paths` are those of the repository, as far as they were
    seen; a later `attempt` answers what the reviewer said.
    """
    slug = _slug(title)
    if "docs/" in paths:
        return (Edit(f"docs/{slug}.md", _page(title, attempt), "Say it where people look for it."),)
    package = "etl" if "etl/" in paths else "shop" if "shop/" in paths else "src"
    module = slug.replace("-", "_")
    return (
        Edit(
            f"{package}/{module}.py",
            _module(title, module, attempt),
            "The smallest thing that does it.",
        ),
        Edit(f"tests/test_{module}.py", _test(package, module, attempt), "Hold it with a test."),
    )


def note_for(title: str) -> tuple[str, str]:
    """Return the line of the README that a change is noted under, and what stands there afterwards."""
    return "## Changes\n", f"## Changes\n\n- {title}\n"


def _slug(title: str) -> str:
    words = re.findall(r"[a-z0-9]+", title.lower())
    kept = [word for word in words if word not in ("a", "an", "the", "of", "for", "to", "by", "in")]
    return "-".join(kept[:4]) or "change"


def _module(title: str, name: str, attempt: int) -> str:
    guard = (
        "    if not isinstance(amount, int) or amount < 0:\n"
        '        raise ValueError(f"an amount in cents, not {amount!r}")\n'
    )
    checks = guard if attempt > 1 else ""
    return (
        f'"""{title}."""\n\nLIMIT = 50_000\n"""In cents: what is larger is looked at by somebody."""\n\n\n'
        f"def {name}(amount):\n"
        f'    """Return the amount that counts, and whether somebody looks at it first."""\n{checks}'
        "    return min(amount, LIMIT), amount > LIMIT\n"
    )


def _test(package: str, name: str, attempt: int) -> str:
    refused = (
        "\n    def test_what_is_no_amount_is_refused(self):\n"
        f"        with self.assertRaises(ValueError):\n            {name}(-1)\n"
    )
    return (
        f"import unittest\n\nfrom {package}.{name} import LIMIT, {name}\n\n\nclass Limits(unittest.TestCase):\n"
        f"    def test_small_amounts_pass(self):\n        self.assertEqual({name}(1), (1, False))\n\n"
        f"    def test_large_ones_are_looked_at(self):\n        self.assertEqual({name}(LIMIT + 1), (LIMIT, True))\n"
    ) + (refused if attempt > 1 else "")


def _page(title: str, attempt: int) -> str:
    more = (
        "\n## If something goes wrong\n\nWrite to us with the number of the order.\n"
        if attempt > 1
        else ""
    )
    return (
        f"# {title}\n\nWhat this page is about, in one sentence, and who it is for.\n\n## Step by step\n\n"
        f"1. Open *Your orders*.\n2. Choose the order.\n3. Press **Change**.\n{more}"
    )
