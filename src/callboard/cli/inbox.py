"""`callboard inbox`: what waits for a person."""

import json
from datetime import datetime
from typing import Annotated

import typer
from pydantic import JsonValue

from callboard.cli.arguments import params_of
from callboard.cli.gate import gate_lines, until, who_may_decide
from callboard.cli.inbox_own import archive, batch, deputies, notices, print_own, read
from callboard.cli.plain import one_line, plain
from callboard.cli.process import DONE, exit_code, guarded, interruptible, with_app
from callboard.cli.program import program
from callboard.cli.progress import JsonLines, Progress
from callboard.cli.resume import sources_of, story_so_far
from callboard.cli.run import report
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.gate import Verdict
from callboard.domain.message import is_deeper
from callboard.domain.org.principal import Principal
from callboard.engine.approvals import has_expired
from callboard.runtime.children import Ended
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.diff import diff_of
from callboard.usecases.gates import OpenGate, list_gates, open_gate
from callboard.usecases.preview import preview_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

RunId = Annotated[str, typer.Argument(help="The run that waits.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def inbox() -> None:
    """See what waits for a person, and decide."""


@app.command("list")
def list_(
    *,
    mine: Annotated[
        bool, typer.Option("--mine", help="All that waits for you, not only gates; best first.")
    ] = False,
    archived: Annotated[
        bool, typer.Option("--archived", help="With --mine: what you put away.")
    ] = False,
    json_output: Json = False,
) -> None:
    """List open gates, or all that waits for you."""
    if mine or archived:
        guarded(lambda: print_own(archived=archived, as_json=json_output))
        return

    async def work(app: App, who: Principal) -> int:
        gates = await list_gates(app, who)
        if json_output:
            give_json([_gate_json(gate, app.ports.clock.now()) for gate in gates])
        elif gates:
            rows = [_cells(each, app.ports.clock.now()) for each in gates]
            for line in table(("RUN", "WHY", "WHO", "UNTIL", "QUESTION"), rows):
                give(line)
        else:
            say("Nothing waits for a person.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(run_id: RunId, json_output: Json = False) -> None:
    """Show what is to be decided, with the change where there is one."""

    async def work(app: App, who: Principal) -> int:
        gate = await open_gate(app, who, run_id)
        if json_output:
            would = await preview_of(app, who, gate)
            give_json({**_gate_json(gate, app.ports.clock.now()), "preview": would})
        else:
            for line in gate_lines(gate, app.ports.clock.now()):
                give(line)
            would = await preview_of(app, who, gate)
            if would:
                say("It would make this change:")
                give(plain(would))
            give(await diff_of(app, who, gate.row.run_id))
            say(_how_to_decide(gate.gate.reason, run_id))
        return DONE

    guarded(lambda: with_app(work))


app.command()(batch)
app.command()(read)
app.command()(archive)
app.command()(notices)
app.add_typer(deputies, name="deputy")


def _how_to_decide(reason: str, run_id: str) -> str:
    if reason == "budget_exceeded":
        return f"Go on: {program()} inbox decide {run_id} approve --budget USD; or end it: reject"
    if reason == "input_required":
        return f"Answer: {program()} inbox decide {run_id} answer --answer TEXT"
    return f"Decide: {program()} inbox decide {run_id} approve|reject [--note TEXT]"


@app.command()
def decide(
    run_id: RunId,
    verdict: Annotated[str, typer.Argument(help="approve, reject or answer")],
    *,
    note: Annotated[str, typer.Option(help="Why; a rejection's note goes to the agent.")] = "",
    answer: Annotated[
        str | None, typer.Option(help="The answer to a question: a text, or a JSON object.")
    ] = None,
    arguments: Annotated[
        str | None,
        typer.Option(help="Approve the call with these arguments (a JSON object) instead."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="Approve a higher limit for the budget that is used up (USD)."),
    ] = None,
    deputy_of: Annotated[
        str | None, typer.Option("--as-deputy-of", help="Decide in this person's place.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Decide, and drive the run on."""

    def body() -> int:
        edited = None if arguments is None else params_of(arguments, option="--arguments")
        decision = Decision(
            _verdict(verdict), note, _answer(answer if budget is None else budget), edited
        )
        return with_app(
            lambda app, who: _decide(
                app, who, run_id, decision, as_json=json_output, deputy_of=deputy_of
            ),
            sources_of(run_id),
        )

    guarded(body)


def _verdict(text: str) -> Verdict:
    match text:
        case "approve":
            return "approve"
        case "reject":
            return "reject"
        case "answer":
            return "answer"
        case _:
            raise ConfigurationInvalid(f"{text!r} is no decision; use approve, reject or answer")


def _answer(text: str | None) -> JsonValue:
    """Read a JSON object as one, and everything else as a text."""
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        answer: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if is_deeper(answer) else answer


async def _decide(
    app: App,
    who: Principal,
    run_id: str,
    decision: Decision,
    *,
    as_json: bool,
    deputy_of: str | None,
) -> int:
    gate = await open_gate(app, who, run_id)
    root_id = gate.row.root_id
    if as_json:
        with app.ports.live.watching(JsonLines().event):
            ended, stopped = await _drive_on(app, who, gate, decision, deputy_of)
        return exit_code(ended, interrupted=stopped)
    with (
        Progress(await story_so_far(app, who, root_id)) as progress,
        app.ports.live.watching(progress.event, progress.delta),
    ):
        ended, stopped = await _drive_on(app, who, gate, decision, deputy_of)
    report(ended, root_id)
    return exit_code(ended, interrupted=stopped)


async def _drive_on(
    app: App, who: Principal, gate: OpenGate, decision: Decision, deputy_of: str | None
) -> tuple[Ended, bool]:
    work = decide_gate(
        app,
        who,
        gate.row.run_id,
        decision,
        digest=gate.gate.digest,
        as_deputy_of=deputy_of,
    )
    return await interruptible(app, gate.row.root_id, work)


def _cells(each: OpenGate, now: datetime) -> tuple[str, ...]:
    gate = each.gate
    return (
        each.row.run_id,
        gate.reason,
        who_may_decide(each),
        until(gate, now),
        one_line(gate.question, 80),
    )


def _gate_json(each: OpenGate, now: datetime) -> dict[str, object]:
    return {
        "run_id": each.row.run_id,
        "root_id": each.row.root_id,
        "title": each.row.title,
        **each.gate.model_dump(mode="json", exclude={"v", "type"}),
        "approvals": [
            approval.model_dump(mode="json", exclude={"v", "type", "gate_id"})
            for approval in each.approvals
        ],
        "expired": has_expired(each.gate, now),
    }
