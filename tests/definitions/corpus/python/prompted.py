"""An agent with a prompt in a file."""

definition = {
    "id": "py-prompted",
    "displayName": "Prompted",
    "model": "m/x",
    "systemPrompt": {"path": "prompted.md"},
}
