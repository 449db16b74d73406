"""Texts of which more is asked than that they are texts."""

from typing import Annotated

from pydantic import Field

Said = Annotated[str, Field(pattern=r"\S")]
"""A text that says something: more than spaces."""
