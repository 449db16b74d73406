"""Which schemas this code can work with."""

from pathlib import Path
from typing import Final

CURRENT: Final = "0015"
"""The newest revision that this code knows; a test holds it equal to Alembic's."""

NEEDED: Final = "0015"
"""The oldest revision that this code can work with. What comes behind it only takes away what it no longer uses."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
