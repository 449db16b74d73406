"""What names look like in addresses. Anything else is no name of ours, and is not looked for."""

from typing import Annotated

from pydantic import Field

Key = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,17}$")]
"""Of a task."""
RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
