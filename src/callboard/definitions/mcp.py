"""The shape of `mcpServers`."""

import json
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import ConfigDict, Field, ValidationError

from callboard.definitions.catalogue import Catalogue
from callboard.definitions.files import Unreadable, read_text
from callboard.definitions.findings import Findings, dotted
from callboard.definitions.pydantic_errors import explain
from callboard.definitions.syntax.json_source import read_json
from callboard.domain.errors import Problem
from callboard.domain.frozen import Frozen

MCP_FILE = "mcp.json"

ServerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]


class _Stdio(Frozen):
    """A server that is started as a command."""

    model_config = ConfigDict(strict=True)

    type: Literal["stdio"] = "stdio"
    command: Annotated[str, Field(min_length=1)]
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)


class _Remote(Frozen):
    """A server that is reached by URL."""

    model_config = ConfigDict(strict=True)

    type: Literal["http", "sse"] = "http"
    url: Annotated[str, Field(pattern=r"^https?://")]
    params: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)


def read_mcp_file(path: Path, *, shown_as: str) -> Catalogue:
    """Return what is wrong with a folder's `mcp.json`, or which servers it names. Nothing is started."""
    findings = Findings(shown_as)
    try:
        raw = read_json(read_text(path), findings)
    except Unreadable as reason:
        findings.problem("", str(reason))
        raw = None
    servers = cast("dict[str, object]", raw).get("mcpServers") if isinstance(raw, dict) else None
    if not isinstance(servers, dict):
        if not findings.problems:
            findings.problem("mcpServers", "must be an object with one entry for each server")
        return Catalogue(problems=tuple(findings.problems))
    check_mcp_servers(cast("object", servers), "mcpServers", findings)
    names = ", ".join(sorted(cast("dict[str, object]", servers))) or "none"
    note = f"names MCP servers ({names}); connecting to them comes with a later release"
    return Catalogue(problems=tuple(findings.problems), skipped=(Problem(shown_as, "", note),))


def check_mcp_servers(servers: object, where: str, findings: Findings) -> None:
    """Note what is wrong with the servers; each is a command or a URL."""
    if not isinstance(servers, dict):
        return
    for name, config in cast("dict[str, object]", servers).items():
        place = f"{where}.{name}"
        if "__" in name or "/" in name:
            findings.problem(
                place, "a server's name cannot hold / or __, which separate it from its tools"
            )
        keys = set(cast("dict[str, object]", config)) if isinstance(config, dict) else set[str]()
        if ("command" in keys) == ("url" in keys):
            findings.problem(place, "must be an object with either a command or a url")
            continue
        try:
            (_Stdio if "command" in keys else _Remote).model_validate_json(json.dumps(config))
        except ValidationError as error:
            for one in error.errors(include_url=False):
                findings.problem(f"{place}.{dotted(one['loc'])}", explain(one))
