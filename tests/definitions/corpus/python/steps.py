"""An agent with a program."""

definition = {
    "id": "py-steps",
    "displayName": "Steps",
    "model": "m/x",
    "toolNames": ["read_files"],
}


def handle_steps(ctx):
    """Read what was asked for, then go on."""
    yield {"toolName": "read_files", "input": {"paths": [ctx.prompt]}}
    yield "STEP_ALL"
