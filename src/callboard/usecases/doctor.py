"""Look at what Callboard needs on this machine, by trying it."""

import os
import platform
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from callboard.domain.errors import CallboardError, LogError
from callboard.engine.command_credentials import COMMAND_HOST, of_commands
from callboard.engine.command_hosts import CommandHosts
from callboard.ports.examination import Finding
from callboard.usecases.app import App

_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Configured:
    """What the caller knows. `keys` are the names of providers with a key in the environment, never a value.

    `command_hosts` is what commands may reach, `dispatcher` what hands out work, `traces` what is to be said about the
    collector that they go to.
    """

    version: str
    home: str
    database: str
    keys: Collection[str]
    browser: str | None
    command_hosts: CommandHosts = CommandHosts()  # noqa: RUF009 - it never changes
    dispatcher: str = "embedded"
    traces: Finding | None = None


def versions(version: str) -> list[Finding]:
    """Return the versions of what this process runs on, beside that of Callboard."""
    return [
        Finding("callboard", version, held=True),
        Finding(
            "python",
            platform.python_version(),
            held=sys.version_info[:2] >= _OLDEST_PYTHON,
            way_out="Use Python 3.11 or newer.",
        ),
    ]


def unusable(error: CallboardError) -> Finding:
    """Return what to say where the app could not be built: its home or its database is of no use."""
    if isinstance(error, LogError):
        way_out = "Start its server, or give its disk room, or set CALLBOARD_DATABASE_URL to one that answers."
        return Finding("database", str(error), held=False, way_out=way_out)
    way_out = "Set CALLBOARD_HOME to a directory that you may write, or put the database right."
    name = "home" if "CALLBOARD_HOME" in str(error) else "database"
    return Finding(name, str(error), held=False, way_out=way_out)


async def examine(app: App, configured: Configured) -> Sequence[Finding]:
    """Return what was found, in the order in which to show it."""
    found = versions(configured.version)
    found.append(Finding(app.engine.split()[0].lower(), app.engine, held=True))
    found.append(Finding("home", f"{configured.home} is writable", held=True))
    found += await _database(app, configured.database)
    found.append(Finding("dispatcher", configured.dispatcher, held=True))
    found.append(await _limits(app))
    if configured.traces is not None:
        found.append(configured.traces)
    found += await app.ports.workspaces.examine()
    found += await _of_commands(app, configured.command_hosts)
    found.append(await _keys(app, configured))
    if configured.browser:
        usable = os.access(configured.browser, os.X_OK)
        said = f"{configured.browser} {'can' if usable else 'cannot'} be executed"
        found.append(
            Finding(
                "browser",
                said,
                held=usable,
                way_out="Set CALLBOARD_CHROMIUM to the path of a Chromium.",
            )
        )
    return found


async def _database(app: App, place: str) -> list[Finding]:
    """Opening it brought the schema up to date; reading shows that it can be used."""
    try:
        await app.vault.list()
        await app.operations.check()
        behind = await app.operations.examine(app.ports.clock.now)
    except CallboardError as error:
        return [Finding("database", str(error), held=False, way_out="Restore it from a copy.")]
    return [Finding("database", f"{place} has the schema of this version", held=True), *behind]


async def _limits(app: App) -> Finding:
    """Say what is limited, and where everything that is allowed goes on at this moment."""
    limits = [one for one in await app.ports.slots.limiter.standings() if one.limit.at_once]
    full = [one.limit.name for one in limits if one.in_use >= (one.limit.at_once or 0)]
    said = f"{len(limits)} on what goes on at a time" if limits else "none is set"
    return Finding(
        "limits",
        f"{said}; full: {', '.join(full)}" if full else said,
        held=not full,
        way_out="What waits goes on when something has ended. See `callboard limits list`.",
        required=False,
    )


async def _of_commands(app: App, hosts: CommandHosts) -> list[Finding]:
    """Return one finding for each credential that is for requests of commands."""
    found: list[Finding] = []
    for credential, endpoint in of_commands(await app.vault.list()):
        listed = hosts.lists(endpoint.host, endpoint.port)
        said = f"{credential} goes with requests of commands to {endpoint}"
        found.append(
            Finding(
                "sandbox.network.credential",
                said if listed else f"{said}, which CALLBOARD_COMMAND_HOSTS does not list",
                held=listed,
                way_out=f"List {endpoint} in CALLBOARD_COMMAND_HOSTS, or remove the credential.",
                required=False,
            )
        )
    return found


async def _keys(app: App, configured: Configured) -> Finding:
    stored = {credential.provider for credential in await app.vault.list()} - {COMMAND_HOST}
    names = sorted({*configured.keys, *stored})
    said = ", ".join(names) if names else "no provider has a key; scripted models work without"
    way_out = "Run `callboard credentials set`, or set a key such as OPENROUTER_API_KEY."
    return Finding("providers", said, held=bool(names), way_out=way_out, required=False)
