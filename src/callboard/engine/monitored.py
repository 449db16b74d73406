"""Where monitoring asks a process, and where a process sends its traces: as people write it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.addresses import is_address
from callboard.engine.hosts import canonical_host, is_own_name

_LATEST = "gen_ai_latest_experimental"
_LOOPBACK = "127.0.0.1"
_PRIVATE = (".local", ".internal", ".svc", ".lan", ".home.arpa")
"""What names end in that nobody can have in the public DNS."""


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """A collector of OpenTelemetry, asked over HTTP. `content`: what was said goes along. `latest`: numbers of tokens
    have the names of the latest conventions.
    """

    endpoint: str
    content: bool = False
    latest: bool = False


def read_probes(text: str) -> tuple[str, int] | None:
    """Return the address and port on which monitoring asks; None where it shall not.

    Raises:
        ConfigurationInvalid: it is no port, with or without an address.
    """
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or _LOOPBACK
    if (colon and not text.rpartition(":")[0]) or not port.isdecimal() or int(port[:6]) > 65_535:
        raise ConfigurationInvalid(
            f"CALLBOARD_PROBES={text}: use a port of this machine, such as `9464`, or an address with one, such as"
            " `0.0.0.0:9464`"
        )
    return host, int(port)


def may_name_probes(host: str, url: str | None) -> bool:
    """Return whether monitoring may ask under the name in a Host header. A page of another site can make its name lead
    here, and read what is answered; it cannot have an address for a name, nor one that is private, nor that in `url`,
    where this deployment is found.
    """
    try:
        asked = canonical_host(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
    private = "." not in asked or asked.endswith(_PRIVATE)
    return private or is_address(asked) or is_own_name(asked) or asked == _name_in(url)


def _name_in(url: str | None) -> str | None:
    return None if url is None else urlsplit(url).hostname


def read_traces(environ: Mapping[str, str]) -> TraceSettings | None:
    """Return where traces go, by the standard variables of OpenTelemetry; None where they go nowhere.

    Raises:
        ConfigurationInvalid: the collector is none that this release can reach.
    """
    endpoint = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
    if not endpoint or _is_on(environ.get("OTEL_SDK_DISABLED", "")):
        return None
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationInvalid(
            f"OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}: use the collector's address, such as `http://localhost:4318`"
        )
    protocol = environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "").strip() or "http/protobuf"
    if protocol != "http/protobuf":
        raise ConfigurationInvalid(
            f"OTEL_EXPORTER_OTLP_PROTOCOL={protocol}: this release speaks `http/protobuf` only (port 4318, as a rule)"
        )
    chosen = environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")
    content = environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    latest = _LATEST in {word.strip() for word in chosen.split(",")}
    return TraceSettings(endpoint.rstrip("/"), _is_on(content), latest)


def _is_on(text: str) -> bool:
    return text.strip().lower() in {"true", "1"}
