"""An agent in literals."""

definition = {
    "id": "py-literal",
    "displayName": "Literal",
    "model": "m/x",
    "toolNames": ["read_files", "end_turn"],
}
