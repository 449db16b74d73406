"""Bytes of tool definitions, encoded once for as long as a conversation offers the same tools."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callboard.domain.tool import ToolSpec
from callboard.providers.wire.calls import names_on_the_wire

_MOST = 256


@dataclass(frozen=True, slots=True)
class EncodedTools:
    """The bytes, and our names by those on the wire where they differ."""

    body: bytes
    names: Mapping[str, str]


class ToolBytes:
    """Remembers encoded tool lists by the identity of their specs, which it keeps alive."""

    def __init__(self, encode: Callable[[tuple[ToolSpec, ...]], bytes]) -> None:
        self._encode = encode
        self._known: OrderedDict[tuple[int, ...], tuple[tuple[ToolSpec, ...], EncodedTools]] = (
            OrderedDict()
        )

    def of(self, tools: tuple[ToolSpec, ...]) -> EncodedTools:
        """Return the encoded form of `tools`."""
        key = tuple(map(id, tools))
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key][1]
        encoded = EncodedTools(self._encode(tools), names_on_the_wire(tools))
        self._known[key] = (tools, encoded)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return encoded
