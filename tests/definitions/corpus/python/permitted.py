"""An agent with rules."""

from typing import Any

from .names import PUBLISHER


def _without(*commands: str) -> list[dict[str, Any]]:
    arguments = [{"command": f"{command} *"} for command in commands]
    return [
        {"effect": "deny", "tool": "run_terminal_command", "arguments": one} for one in arguments
    ]


definition = {
    "id": "py-permitted",
    "displayName": "Permitted",
    "model": "m/x",
    "publisher": PUBLISHER,
    "permissions": _without("rm", "sudo"),
}
