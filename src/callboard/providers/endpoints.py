"""Configured model endpoints: which wire format, where, with which key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import SecretStr

from callboard.ports.model import ModelProvider
from callboard.providers.chat.dialect import COMPATIBLE, OPENAI, OPENROUTER, Dialect
from callboard.providers.chat.provider import ChatProvider
from callboard.providers.gemini.provider import GeminiProvider
from callboard.providers.messages.provider import MessagesProvider
from callboard.providers.wire.endpoint_call import Target
from callboard.providers.wire.transport import HttpTransport

WireFormat = Literal["openrouter", "openai", "chat", "messages", "gemini"]
"""`openrouter` and `openai` are chat completions with those vendors' own fields, `chat` without."""

_ANTHROPIC_VERSION = "2023-06-01"


@dataclass(frozen=True, slots=True)
class Vendor:
    """Facts about a vendor that everybody knows.

    Attributes:
        title: its name for people.
        wire: the format it speaks.
        base_url: as its own SDK takes it.
        key_variable: the environment variable that people set.
        price_list: its name in the price list.
    """

    title: str
    wire: WireFormat
    base_url: str
    key_variable: str
    price_list: str


VENDORS: Mapping[str, Vendor] = {
    "openrouter": Vendor(
        "OpenRouter",
        "openrouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        "openrouter",
    ),
    "openai": Vendor("OpenAI", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY", "openai"),
    "anthropic": Vendor(
        "Anthropic", "messages", "https://api.anthropic.com", "ANTHROPIC_API_KEY", "anthropic"
    ),
    "gemini": Vendor(
        "Gemini",
        "gemini",
        "https://generativelanguage.googleapis.com",
        "GEMINI_API_KEY",
        "google",
    ),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached.

    Attributes:
        name: what definitions say in `provider`: a vendor of `VENDORS`, or the name of a self-hosted
            server.
        api_key: None where the server wants none.
        base_url: as the vendor's SDK takes it: with `/v1` (OpenRouter `/api/v1`) for chat completions,
            the origin for Anthropic and Gemini. None: the vendor's own.
        wire: None: the vendor's own, and `chat` for self-hosted servers.
        headers: sent with every request; their values count as secrets.
    """

    name: str
    api_key: SecretStr | None = None
    base_url: str | None = None
    wire: WireFormat | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


def build_provider(endpoint: Endpoint, transport: HttpTransport) -> ModelProvider:
    """Return a provider for an endpoint.

    Raises:
        ValueError: a self-hosted endpoint has no base URL.
    """
    vendor = VENDORS.get(endpoint.name)
    wire = endpoint.wire or (vendor.wire if vendor else "chat")
    target = _target(endpoint, vendor, wire)
    match wire:
        case "messages":
            return MessagesProvider(target, transport)
        case "gemini":
            return GeminiProvider(target, transport)
        case "openrouter" | "openai" | "chat":
            return ChatProvider(target, _DIALECTS[wire], transport)


_DIALECTS: Mapping[str, Dialect] = {
    "openrouter": OPENROUTER,
    "openai": OPENAI,
    "chat": COMPATIBLE,
}


def _target(endpoint: Endpoint, vendor: Vendor | None, wire: WireFormat) -> Target:
    base_url = endpoint.base_url or (vendor.base_url if vendor else "")
    if not base_url:
        raise ValueError(f"The provider {endpoint.name} has no base URL.")
    key = endpoint.api_key.get_secret_value() if endpoint.api_key else ""
    return Target(
        provider=vendor.title if vendor else endpoint.name,
        base_url=base_url.rstrip("/"),
        headers={**_authorisation(wire, key), **endpoint.headers},
        secrets=tuple(secret for secret in (key, *endpoint.headers.values()) if secret),
        vendor=vendor.price_list if vendor else None,
    )


def _authorisation(wire: WireFormat, key: str) -> Mapping[str, str]:
    if wire == "messages":
        version = {"anthropic-version": _ANTHROPIC_VERSION}
        return {**version, "x-api-key": key} if key else version
    if not key:
        return {}
    return {"x-goog-api-key": key} if wire == "gemini" else {"Authorization": f"Bearer {key}"}
