"""What a call that waits for its approval would change."""

from callboard.domain.errors import CallboardError
from callboard.domain.message import JsonOutput
from callboard.domain.org.principal import Principal, in_space
from callboard.ports.tools import ToolContext
from callboard.usecases.app import App, require
from callboard.usecases.gates import OpenGate


async def preview_of(app: App, who: Principal, gate: OpenGate) -> str:
    """Return the diff that a call which edits a file would make to the file as it is now; nothing for calls that
    edit none, or where it cannot be told.
    """
    require(who, "run.read", in_space(gate.row.space))
    proposing = app.ports.tools.get(f"propose_{gate.gate.tool}")
    if proposing is None or gate.gate.arguments is None:
        return ""
    try:
        workspace = await app.ports.workspaces.open(gate.row.workspace)
    except CallboardError:
        return ""
    try:
        context = ToolContext(gate.row.run_id, gate.gate.subject, workspace)
        outcome = await proposing.run(gate.gate.arguments, context)
    except CallboardError:
        return ""
    finally:
        await workspace.close()
    for part in outcome.output:
        if isinstance(part, JsonOutput) and isinstance(part.value, dict):
            return str(part.value.get("unifiedDiff", ""))
    return ""
