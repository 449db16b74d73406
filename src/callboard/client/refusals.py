"""What can go wrong between a client and a Callboard."""

from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """A Callboard said no.

    Attributes:
        status: the HTTP status.
        code: the stable name of the refusal, such as `not_allowed`; `http_STATUS` where something between here
            and there answered instead.
        detail: what people read.
        errors: the fields that do not fit, as `field` and `message`.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code") or f"http_{status}")
        self.detail = str(problem.get("detail") or "")
        self.errors: list[Mapping[str, Any]] = list(problem.get("errors") or [])
        fields = "; ".join(f"{one.get('field')}: {one.get('message')}" for one in self.errors)
        super().__init__(f"{self.code}: {self.detail}{f' ({fields})' if fields else ''}")


class Unreachable(Exception):
    """There was no whole answer. A request with an idempotency key can be made again."""
