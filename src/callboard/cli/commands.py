"""All commands. They are loaded when they are called, so that `--help` is quick."""

import logging
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from callboard import __version__
from callboard.cli.mistakes import MISTAKE, explained
from callboard.cli.streams import say, tolerate_any_text

# name -> module that defines `app`, and the line for --help
_COMMANDS = {
    "run": ("callboard.cli.run", "Run one agent in a workspace."),
    "runs": ("callboard.cli.runs", "List, show, resume, cancel, fork, verify and export runs."),
    "verify": ("callboard.cli.verify", "Check an exported run, offline."),
    "tasks": ("callboard.cli.tasks", "Write tasks down, start them, see how they stand."),
    "workflows": ("callboard.cli.workflows", "Check workflow files, put them to use."),
    "worker": ("callboard.cli.worker", "Drive the tasks of the deployment."),
    "agents": ("callboard.cli.agents", "List, show and validate agent definitions."),
    "roster": ("callboard.cli.roster", "Keep the organisation's agents, version by version."),
    "export": ("callboard.cli.team_export", "Write the roster and the workflows as files."),
    "import": ("callboard.cli.team_import", "Bring such files in, after a look at the difference."),
    "templates": ("callboard.cli.templates", "List, show and copy ready-made roles."),
    "models": ("callboard.cli.models", "List the models in use, and try them with a real call."),
    "credentials": ("callboard.cli.credentials", "Store the keys that agents work with."),
    "policy": ("callboard.cli.policy", "See the rules in force, and why a call was judged so."),
    "people": ("callboard.cli.people", "See and change who belongs to the organisation."),
    "service-accounts": ("callboard.cli.service_accounts", "See and add accounts of programs."),
    "spaces": ("callboard.cli.spaces", "See and change spaces, and who belongs to them."),
    "tokens": ("callboard.cli.tokens", "Create, list and revoke what programs come with."),
    "budgets": ("callboard.cli.budgets", "See and set limits on what is spent."),
    "limits": ("callboard.cli.limits", "See and set limits on what goes on at a time."),
    "usage": ("callboard.cli.usage", "Show what was spent, by model, agent, task, person, …"),
    "performance": ("callboard.cli.performance", "See how agents perform, and compare versions."),
    "audit": ("callboard.cli.audit", "See who changed what, and check the trail."),
    "inbox": ("callboard.cli.inbox", "See what waits for a person, and decide."),
    "schedules": ("callboard.cli.schedules", "Let tasks come by the clock."),
    "webhooks": ("callboard.cli.webhooks", "Tell other programs what happens, signed."),
    "hooks": ("callboard.cli.hooks", "Let messages from outside become tasks."),
    "serve": ("callboard.cli.serve", "Serve the HTTP API."),
    "init": ("callboard.cli.init", "Scaffold .agents/ with an example that runs."),
    "archive": ("callboard.cli.archive", "Put old runs away into files, search and verify those."),
    "db": ("callboard.cli.db", "Look at the database, bring its tables to this version."),
    "doctor": ("callboard.cli.doctor", "Try out what Callboard needs on this machine."),
    "demo": ("callboard.cli.demo", "Take a task through a workflow of agents and a person."),
}


class LazyCommands(TyperGroup):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(_COMMANDS[cmd_name][0])
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


app = typer.Typer(
    cls=LazyCommands,
    name="callboard",
    help="Agents as roles on a team: defined once, run the same way for everybody.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"callboard {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Agents as roles on a team: defined once, run the same way for everybody."""
    del version


def call() -> None:
    """Do what the command line says, and leave with its exit code; nobody's mistake is a traceback."""
    tolerate_any_text()
    # What goes wrong with a run is in its log and on the screen; a library's own words help nobody there.
    logging.getLogger("callboard").addHandler(logging.NullHandler())
    for position, argument in enumerate(sys.argv[1:], start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            say(f"callboard: argument {position} ({argument!a}) is not UTF-8 text")
            sys.exit(MISTAKE)
    try:
        app()
    except Exception as error:  # noqa: BLE001 - raised again, unless it can be said in words for people
        sys.exit(explained(error))
