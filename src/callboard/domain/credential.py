"""Credentials: named, scoped grants. What is known about one; never its value."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callboard.domain.actor import Actor

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of credentials, providers and spaces."""

AGENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63}/)?[a-z0-9-]{1,64}")
"""Agents as a scope names them: `id`, or `publisher/id` of one that has a publisher."""

_SAME_PROVIDER = {"google": "gemini", "pydantic_ai": "pydantic-ai"}

ScopeKind = Literal["agent", "space", "org"]


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a credential is: everybody (`org`), a space, or one agent.

    `name` is the space's name, or the agent's `id` or `publisher/id`; empty for `org`.
    """

    kind: ScopeKind
    name: str = ""

    def __str__(self) -> str:
        """Return the scope as it is written: `org`, `space:NAME` or `agent:ID`."""
        return f"{self.kind}:{self.name}" if self.name else self.kind


ORG = Scope("org")


def parse_scope(text: str) -> Scope | None:
    """Return the scope that a text names; None where it names none."""
    kind, colon, name = text.partition(":")
    if kind == "org":
        return None if colon else ORG
    if kind == "agent" and AGENT.fullmatch(name):
        return Scope("agent", name)
    if kind == "space" and NAME.fullmatch(name):
        return Scope("space", name)
    return None


def provider_named(text: str) -> str:
    """Return a provider's name as it is stored and compared, whatever somebody calls it."""
    name = text.lower()
    return _SAME_PROVIDER.get(name, name)


@dataclass(frozen=True, slots=True)
class Credential:
    """Facts about a credential; `name` and `scope` identify it.

    Attributes:
        name: what definitions say in `credential`.
        scope: for whom it is.
        provider: what it opens: a model provider (`openrouter`, `anthropic`, `openai`, `gemini`,
            `self-hosted`), or the name of any other service.
        version: 1, and one more with every new value.
        actor: who stored the present value.
        created_at: when it was first stored.
        base_url: the only address that it is sent to; None: the provider's own or configured one.
        rotated_at: when it last got a new value.
        last_used_at: when it was last handed out, to the minute.
    """

    name: str
    scope: Scope
    provider: str
    version: int
    actor: Actor
    created_at: datetime
    base_url: str | None = None
    rotated_at: datetime | None = None
    last_used_at: datetime | None = None

    def __str__(self) -> str:
        """Return the credential as messages name it."""
        return f"{self.name} ({self.scope})"
