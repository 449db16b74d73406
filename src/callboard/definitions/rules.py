"""What the fields of a definition must be to one another."""

from collections.abc import Collection
from typing import Final, cast

from callboard.definitions.canonical import Canonical
from callboard.definitions.findings import Findings, did_you_mean, found
from callboard.definitions.language import LANGUAGE_TOOLS
from callboard.definitions.mcp import check_mcp_servers
from callboard.definitions.schema import schema_problem
from callboard.definitions.steps import check_steps
from callboard.domain.definition.references import parse_reference

_MAX_ITEMS: Final = 500
_SPAWNERS: Final = {"spawn_agents", "spawn_agent_inline"}


def check_rules(definition: Canonical, tools: Collection[str], findings: Findings) -> None:
    """Note everything that the type of each field alone does not show."""
    _check_lengths(definition, findings)
    _check_output(definition, findings)
    _check_prompts(definition, findings)
    _check_tools(definition, tools, findings)
    _check_spawnables(definition, findings)
    _check_schemas(definition, findings)
    check_steps(definition, findings)
    check_mcp_servers(
        definition.fields.get("mcpServers"), definition.where(("mcpServers",)), findings
    )


def _check_lengths(definition: Canonical, findings: Findings) -> None:
    """Note and empty lists that are too long to be meant, so that nothing after this takes long."""
    for name in ("toolNames", "spawnableAgents", "permissions", "skills"):
        count = len(_items(definition.fields, name))
        if count > _MAX_ITEMS:
            where = definition.where((name,))
            findings.problem(where, f"has {count} entries; at most {_MAX_ITEMS} are allowed")
            definition.fields[name] = []


def _check_output(definition: Canonical, findings: Findings) -> None:
    fields = definition.fields
    structured = fields.get("outputMode") == "structured_output"
    if "outputSchema" in fields and not structured:
        findings.problem(
            definition.where(("outputMode",)),
            "must be structured_output where outputSchema is given",
        )
    if (
        structured
        and "set_output" not in _texts(fields, "toolNames")
        and "handleSteps" not in fields
    ):
        findings.warn(
            definition.where(("toolNames",)), "has no set_output, so nothing can set the output"
        )


def _check_prompts(definition: Canonical, findings: Findings) -> None:
    prompt = definition.fields.get("systemPrompt")
    inherits = definition.fields.get("inheritParentSystemPrompt") is True
    if inherits and isinstance(prompt, str) and prompt.strip():
        findings.problem(
            definition.where(("systemPrompt",)),
            "cannot be given together with inheritParentSystemPrompt; keep one",
        )


def _check_tools(definition: Canonical, tools: Collection[str], findings: Findings) -> None:
    servers = definition.fields.get("mcpServers")
    known_servers = (
        set(cast("dict[str, object]", servers)) if isinstance(servers, dict) else set[str]()
    )
    for index, name in enumerate(_items(definition.fields, "toolNames")):
        if not isinstance(name, str) or name in tools:
            continue
        where = definition.where(("toolNames", index))
        server = _server_of(name)
        if server is not None and server in known_servers:
            continue
        if server is not None:
            hint = did_you_mean(server, known_servers)
            findings.problem(
                where, f"{found(name)} names a server that mcpServers does not have{hint}"
            )
        elif name in LANGUAGE_TOOLS:
            findings.warn(
                where, f"{name} is part of the language, and this release does not have it yet"
            )
        else:
            hint = did_you_mean(name, {*tools, *LANGUAGE_TOOLS})
            findings.problem(where, f"{found(name)} is not a tool{hint}")


def _server_of(name: str) -> str | None:
    for separator in ("/", "__"):
        server, found_one, tool = name.partition(separator)
        if found_one and server and tool:
            return server
    return None


def _check_spawnables(definition: Canonical, findings: Findings) -> None:
    fields = definition.fields
    spawnables = _items(fields, "spawnableAgents")
    for index, reference in enumerate(spawnables):
        if isinstance(reference, str) and parse_reference(reference) is None:
            findings.problem(
                definition.where(("spawnableAgents", index)),
                f"must be id, publisher/id or publisher/id@version, found {found(reference)}",
            )
    can_spawn = _SPAWNERS & _texts(fields, "toolNames") or "handleSteps" in fields
    if spawnables and not can_spawn:
        findings.problem(
            definition.where(("toolNames",)),
            "must hold spawn_agents (or spawn_agent_inline) where spawnableAgents is not empty",
        )


def _check_schemas(definition: Canonical, findings: Findings) -> None:
    _check_schema(definition, ("outputSchema",), "object", findings)
    _check_schema(definition, ("inputSchema", "params"), "object", findings)
    _check_schema(definition, ("inputSchema", "prompt"), "string", findings)


def _check_schema(
    definition: Canonical, path: tuple[str, ...], top: str, findings: Findings
) -> None:
    schema = _at(definition.fields, path)
    if not isinstance(schema, dict):
        return
    where = definition.where(path)
    kind = cast("dict[str, object]", schema).get("type")
    if kind != top:
        findings.problem(f"{where}.type", f"must be {top!r}, found {found(kind)}")
    problem = schema_problem(cast("object", schema))
    if problem is not None:
        findings.problem(where, f"is not a usable JSON Schema: {problem}")


def _at(value: object, path: tuple[str, ...]) -> object:
    for part in path:
        value = cast("dict[str, object]", value).get(part) if isinstance(value, dict) else None
    return value


def _items(fields: dict[str, object], name: str) -> list[object]:
    value = fields.get(name)
    return cast("list[object]", value) if isinstance(value, list) else []


def _texts(fields: dict[str, object], name: str) -> set[str]:
    return {item for item in _items(fields, name) if isinstance(item, str)}
