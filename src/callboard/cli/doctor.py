"""`callboard doctor`: whether this machine has what Callboard needs."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from callboard import __version__
from callboard.bootstrap import Sources, build_app
from callboard.bootstrap.dispatch import dispatcher_name
from callboard.bootstrap.traces import trace_finding
from callboard.cli.plain import one_line
from callboard.cli.process import DONE, FAILED, guarded, settings
from callboard.cli.streams import give, give_json
from callboard.domain.errors import CallboardError
from callboard.ports.examination import Finding
from callboard.settings import Settings
from callboard.usecases.doctor import Configured, examine, unusable, versions

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_WIDEST = 400


@app.command("doctor")
def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Try out what Callboard needs: the sandbox, git, ripgrep, the database. Exits 1 where something is missing."""

    def body() -> int:
        found = asyncio.run(_examined(settings()))
        healthy = all(finding.held for finding in found if finding.required)
        if as_json:
            give_json({"healthy": healthy, "findings": [asdict(finding) for finding in found]})
        else:
            for finding in found:
                _show(finding)
        return DONE if healthy else FAILED

    guarded(body)


async def _examined(config: Settings) -> Sequence[Finding]:
    try:
        built = await build_app(config, Sources())
    except CallboardError as error:
        return [*versions(__version__), unusable(error)]
    keys = [name for name, provider in config.providers.items() if provider.api_key]
    configured = Configured(
        __version__,
        str(config.home),
        str(config.database),
        keys,
        config.web.chromium,
        config.command_hosts,
        dispatcher_name(config),
        trace_finding(config),
    )
    try:
        return await examine(built, configured)
    finally:
        await built.close()


def _show(finding: Finding) -> None:
    word = "ok  " if finding.held else "FAIL" if finding.required else "note"
    give(f"{word}  {finding.name}: {one_line(finding.said, _WIDEST)}")
    if not finding.held and finding.way_out:
        give(f"      {finding.way_out}")
