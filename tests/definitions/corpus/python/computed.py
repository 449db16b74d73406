"""An agent that is computed."""

from .names import PUBLISHER

definition = {
    "id": "py-computed",
    "displayName": "computed".title(),
    "publisher": PUBLISHER,
    "model": "m/" + "x" * 2,
    "inputSchema": {"params": {"type": "object", "properties": {}}},
}
