"""Writes docs/reference/ from the code: `make docs`. With --check: says what is stale and exits 1."""

# ruff: noqa: INP001 - a script, not a package

import argparse
import json
import re
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import typer
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from callboard.api.site import create_api
from callboard.cli.commands import app
from callboard.cli.process import guarded
from callboard.definitions.language import NOT_USED_YET
from callboard.domain import errors
from callboard.domain.definition.agent import (
    AgentDefinition,
    CompactContext,
    InputSchema,
    Limits,
    ReasoningOptions,
)
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.definition.permissions import (
    Approvers,
    ArgumentCondition,
    PermissionRule,
)
from callboard.domain.events.child_run import HistoryChange
from callboard.domain.events.conversation import Subgoal
from callboard.domain.events.event import BlobRef
from callboard.domain.events.files import FileChange
from callboard.domain.events.model_call import ModelFailure
from callboard.domain.events.program import ProgramLog
from callboard.domain.events.run import AgentSubject, ParentLink, WorkflowSubject
from callboard.domain.events.tool_call import CallRequest
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import (
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from callboard.domain.output import AllMessages, ErrorOutput, LastMessage, StructuredOutput
from callboard.domain.usage import Bill, Usage
from callboard.entrance.problems import status_of_kind
from callboard.entrance.site import Parts
from callboard.settings import read_settings
from callboard.tools.catalog import built_in_tools

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py from the code. Do not edit; run `make docs`. -->"

FIELDS: Mapping[str, str] = {
    "id": "The agent's name for the command line and for other agents: lowercase letters, digits, hyphens.",
    "displayName": "The name that people see.",
    "model": (
        "`vendor/model`. Without `provider` it is served by OpenRouter; `scripted/<name>` is the offline model. "
        "`alias/<name>` and `chain/<name>` are said in `models.yaml`."
    ),
    "version": "`x.y.z` to be published; the next patch where it is left out. A reference `id@version` must meet it.",
    "publisher": "Who publishes the agent. A reference `publisher/id` must meet it.",
    "provider": "`openrouter`, `anthropic`, `openai`, `gemini`, `self-hosted` or `pydantic-ai`.",
    "baseUrl": (
        "The address of an OpenAI-compatible server of your own. It gets a key only if one was stored for this very "
        "address."
    ),
    "credential": "The stored credential that it works with: the agent's own before its space's before the org's.",
    "reasoningOptions": "How much the model thinks before it answers. See below.",
    "providerOptions": "Passed on to the provider as it is (OpenRouter's routing block, for one).",
    "mcpServers": "Checked and kept. Connecting to MCP servers comes with a later release.",
    "toolNames": "The only tools that the agent can call.",
    "spawnableAgents": "Agents that it may start: `id`, `publisher/id`, `id@version`, `publisher/id@version`.",
    "permissions": "Rules on tools and their arguments. See below.",
    "onUnknownOutcome": (
        "What happens to a call that was begun and lost in a crash, and must not be repeated silently."
    ),
    "inputSchema": "JSON Schemas for the prompt and the parameters that it is started with.",
    "outputMode": "What the run returns.",
    "outputSchema": "JSON Schema (type object) that the output must conform to; needs `structured_output`.",
    "includeMessageHistory": "Whether a child sees its parent's conversation.",
    "inheritParentSystemPrompt": "Whether a child runs under its parent's system prompt; excludes `systemPrompt`.",
    "spawnerPrompt": "Tells other agents when to start this one.",
    "systemPrompt": "Who the agent is. Text, or `{path: file}` below the definition's folder.",
    "instructionsPrompt": "What to do with each request; usually the best place to shape behaviour.",
    "stepPrompt": "Put behind the conversation of every single request.",
    "handleSteps": "A program that leads the run: JavaScript `function*` or Python `handle_steps`. See the how-to.",
    "compactContext": "Whether, or when, a conversation that grows too long is summarised. See below.",
    "windowedFileReads": "Accepted: `read_files` takes `{path, offset, limit}` always.",
    "textToolCalls": "For models without native tool calls: tools are described and called in text.",
    "skills": "Tags. Routing workflow steps by them comes with a later release.",
    "limits": "Bounds of one run and everything below it. See below.",
}

VARIABLES: Mapping[str, str] = {
    "CALLBOARD_HOME": "Where all state lives. Default: the platform's user data directory.",
    "CALLBOARD_DATABASE_URL": "`sqlite:///path/to/file`, or `postgresql://USER:PASSWORD@HOST:PORT/DATABASE` for several"
    " workers. Default: `callboard.db` inside `CALLBOARD_HOME`.",
    "CALLBOARD_LEASE": "With PostgreSQL: seconds after which a process that is not heard of loses what it drives, `30`.",
    "CALLBOARD_DATABASE_PATIENCE": (
        "Seconds to wait for another process that holds the database before giving up. Default: 30."
    ),
    "CALLBOARD_USER": "The name under which decisions are recorded. Default: the login name.",
    "CALLBOARD_SANDBOX": "`required` (default) or `off`: commands then run without confinement.",
    "CALLBOARD_COMMAND_HOSTS": (
        "Hosts (`host` or `host:port`, comma separated; without a port, 80 and 443) that commands may reach. Default: "
        "none, and no network at all."
    ),
    "CALLBOARD_URL": (
        "The address at which people and programs reach `callboard serve`, such as `https://callboard.example.org`. Needed "
        "where it does not listen on this machine alone."
    ),
    "CALLBOARD_OIDC_ISSUER": "The address of the OpenID provider that vouches for people. Default: none.",
    "CALLBOARD_OIDC_CLIENT_ID": "The name that this provider gave to the deployment.",
    "CALLBOARD_OIDC_CLIENT_SECRET": "The secret that goes with it, where there is one.",
    "CALLBOARD_OIDC_JOIN": (
        "`on` or `off` (default): whether somebody whom the provider vouches for, and nobody knows, becomes a member."
    ),
    "CALLBOARD_FORGE_COMMAND": (
        "The command that is given finished changes, to push them or open a pull request. Default: none, and they stay "
        "branches."
    ),
    "CALLBOARD_PROVIDER_RUNS": (
        "How many runs of agents may be under way on a provider at a time, over all workers, such as "
        "`openrouter=20,anthropic=4`. Default: as many as there is work for."
    ),
    "CALLBOARD_PROBES": (
        "The port, or `ADDRESS:PORT`, on which `callboard serve` and `callboard worker` answer `/healthz`, `/readyz` and "
        "`/metrics`, without asking who asks. Default: none."
    ),
    "OTEL_EXPORTER_OTLP_ENDPOINT": (
        "The collector that traces and metrics are sent to over HTTP, such as `http://localhost:4318`. Needs the extra "
        "`opentelemetry`; its other standard variables hold too. Default: none, and nothing is sent."
    ),
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": (
        "`true` or `false` (default): whether traces hold what was said, and the arguments and results of tools."
    ),
    "CALLBOARD_DISPATCHER": (
        "What hands out work: `embedded` (inside each process, default on SQLite), `procrastinate` (between all that share "
        "a PostgreSQL database, default there) or `dbos` (the same on DBOS, with the extra `dbos`)."
    ),
    "CALLBOARD_SMTP_URL": (
        "The mail server for notices: `smtps://USER:PASSWORD@HOST?from=ADDRESS`, or `smtp://` for STARTTLS. Default: none, "
        "and no e-mail is sent."
    ),
    "CALLBOARD_VAULT_KEY": (
        "The key that stored credentials are sealed with: 32 bytes in base64. Default: one in the keyring of the "
        "operating system, else in `vault.key` inside `CALLBOARD_HOME`."
    ),
    "CALLBOARD_LOG_KEY": (
        "The key that signs the log of runs: 32 bytes in base64. Default: the one in `log.key` inside "
        "`CALLBOARD_HOME`, made when it is first needed."
    ),
    "CALLBOARD_ARCHIVE": "The directory that `callboard archive` puts runs into. Default: `archive` inside `CALLBOARD_HOME`.",
    "CALLBOARD_KEYRING": "`on` (default) or `off`: whether the keyring of the operating system is asked for that key.",
    "OPENROUTER_API_KEY": "Key for OpenRouter, which serves `vendor/model` strings.",
    "OPENROUTER_BASE_URL": "Another address for OpenRouter, up to `/api/v1`.",
    "ANTHROPIC_API_KEY": "Key for Anthropic (`provider: anthropic`).",
    "ANTHROPIC_BASE_URL": "Another address for Anthropic: the origin, without `/v1`.",
    "OPENAI_API_KEY": "Key for OpenAI (`provider: openai`).",
    "OPENAI_BASE_URL": "Another address for OpenAI, up to `/v1`.",
    "GEMINI_API_KEY": "Key for Gemini (`provider: gemini`).",
    "GEMINI_BASE_URL": "Another address for Gemini: the origin, without `/v1beta`.",
    "CALLBOARD_WEB_ALLOW": (
        "Hosts (`host` or `host:port`, comma separated) that `read_url` and `browser_logs` may reach although they "
        "are not public. Default: none."
    ),
    "CALLBOARD_SEARCH": (
        "What `web_search` asks: `searxng`, `brave`, `tavily`, `exa` or `off`. Default: the first of them that is "
        "configured."
    ),
    "CALLBOARD_SEARCH_URL": "The address of a SearXNG server whose settings allow the format `json`.",
    "BRAVE_API_KEY": "Key for Brave Search.",
    "TAVILY_API_KEY": "Key for Tavily.",
    "EXA_API_KEY": "Key for Exa.",
    "CONTEXT7_API_KEY": "Key for Context7, which `read_docs` asks where nothing fitting is installed.",
    "CALLBOARD_CONTEXT7_URL": "Another address for Context7: the origin, without `/api`.",
    "CALLBOARD_CHROMIUM": "The path of the Chromium for `browser_logs`. Default: looked for in the usual places.",
    "CALLBOARD_BROWSER_LOOPBACK": (
        "`on` (default) or `off`: whether `browser_logs` may open pages of this machine, such as a development server."
    ),
}

_DEFINITION_INTRO = (
    "Files write the names as they are here; in Python files `snake_case` works too. What the fields mean together "
    "is in [the definition language](../agent-language.md)."
)
_EVENTS_INTRO = (
    "One JSON object a line: `run_id`, `seq` (from 1), `at` (UTC), `v` (the version of the kind), `type`, and the "
    "payload. `callboard run --json` and `callboard runs show --json` print them as they are stored. Stored names "
    "never change."
)


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    check = parser.parse_args().check
    stale: list[str] = []
    for name, text in pages().items():
        path = REFERENCE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.stdout.write(f"{'stale' if check else 'written'}: {', '.join(stale)}\n")
    return 1 if check and stale else 0


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    made = {
        "definition.md": definition_page(),
        "events.md": events_page(),
        "cli.md": cli_page(),
        "tools.md": tools_page(),
        "errors.md": errors_page(),
        "environment.md": environment_page(),
        "api.md": api_page(),
    }
    return {name: f"{NOTE}\n\n{text.strip()}\n" for name, text in made.items()}


def definition_page() -> str:
    """Return the fields of a definition."""
    rows = [
        f"| `{name}` | {kind} | {default} | {FIELDS[name]} |"
        for name, kind, default in _fields(AgentDefinition)
    ]
    parts = [
        f"## `{title}`\n\n{_doc(model)}\n\n{_table(model)}"
        for title, model in (
            ("reasoningOptions", ReasoningOptions),
            ("inputSchema", InputSchema),
            ("limits", Limits),
            ("compactContext", CompactContext),
            ("permissions", PermissionRule),
            ("permissions[].arguments", ArgumentCondition),
            ("permissions[].approvers", Approvers),
        )
    ]
    unused = ", ".join(f"`{name}`" for name in sorted(NOT_USED_YET))
    return "\n\n".join(
        [
            "# Fields of a definition",
            _DEFINITION_INTRO,
            "| field | type | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows),
            *parts,
            f"## Accepted and not used\n\nThese load with a warning and change nothing yet: {unused}.",
        ]
    )


def events_page() -> str:
    """Return the kinds of events with their payloads."""
    kinds = {kind.model_fields["type"].default: kind for kind in get_args(AnyEvent)}
    sections = [
        f"## `{name}`\n\nVersion {kind.model_fields['v'].default}. {_doc(kind)}\n\n"
        + _table(kind, skip=("v", "type"))
        for name, kind in kinds.items()
    ]
    parts = (
        *(AgentSubject, ModelChoice, WorkflowSubject, ParentLink),
        *(
            Message,
            TextPart,
            ReasoningPart,
            MediaPart,
            ToolCallPart,
            ToolResultPart,
            CallRequest,
            ProgramLog,
            HistoryChange,
            Subgoal,
            ModelFailure,
            FileChange,
            BlobRef,
            Usage,
            Bill,
        ),
        *(LastMessage, AllMessages, StructuredOutput, ErrorOutput),
    )
    values = [f"### {part.__name__}\n\n{_doc(part)}\n\n{_table(part)}" for part in parts]
    return "\n\n".join(
        [
            "# Events",
            _EVENTS_INTRO,
            f"{len(kinds)} kinds.",
            *sections,
            "## Values in events",
            *values,
        ]
    )


def cli_page() -> str:
    """Return the help of every command."""
    root = cast("Any", typer.main.get_command(app))
    context = root.context_class(root, info_name="callboard", terminal_width=90)
    blocks = [f"## `{path}`\n\n```text\n{_tidy(text)}\n```" for path, text in _help(root, context)]
    codes = (
        "| exit code | meaning |\n|---|---|\n"
        "| 0 | done; also when a run waits for a person |\n"
        "| 1 | the work ended in failure: the run failed or was cancelled, verification found something |\n"
        "| 2 | usage, definition or configuration, or the machine gives too little: the message says what to do |\n"
        "| 130 | interrupted |\n"
        "| 143 | ended by SIGTERM before it had begun anything |"
    )
    intro = (
        "The result is on stdout; progress, notes and warnings are on stderr. With `--json` stdout is JSON only, one "
        "object a line where a command streams."
    )
    return "\n\n".join(["# Commands", intro, codes, *blocks])


def _help(command: Any, context: Any) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            inner = below.context_class(
                below, info_name=name, parent=context, terminal_width=90, max_content_width=90
            )
            yield from _help(below, inner)


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def tools_page() -> str:
    """Return the tools as the model sees them."""
    catalog = built_in_tools()
    tools = [tool for name in catalog.names() if (tool := catalog.get(name)) is not None]
    rows = [
        f"| [`{tool.spec.name}`](#{tool.spec.name}) | {tool.facts.access} | {tool.facts.retry_safety} |"
        for tool in tools
    ]
    sections = [
        f"## {tool.spec.name}\n\n{tool.spec.description}\n\n"
        f"```json\n{json.dumps(tool.spec.input_schema, indent=2, ensure_ascii=False)}\n```"
        for tool in tools
    ]
    intro = (
        "The text of each tool is what the model reads. `read` calls of one turn run side by side, `write` calls "
        "alone and in order; `control` calls change only the run itself; `spawn` starts child runs. After a crash "
        "`pure` and `idempotent` calls may be made again, `unsafe` ones never by themselves."
    )
    table = "| tool | access | retry safety |\n|---|---|---|\n" + "\n".join(rows)
    return "\n\n".join(["# Tools", intro, table, *sections])


def errors_page() -> str:
    """Return the errors with the exit codes that the command line gives them."""
    kinds = [kind for kind in vars(errors).values() if _is_error(kind)]
    rows = [
        f"| `{kind.__name__}` | `{kind.code}` | {_exit_code(kind)} | {status_of_kind(kind)} | {_doc(kind).splitlines()[0]} |"
        for kind in kinds
    ]
    intro = (
        "What Callboard raises on purpose, with the exit code of a command and the status of an answer over HTTP. A failed "
        "model call is no exit code of its own: it is retried, and ends the run with `run.failed` (exit code 1) when that does not help."
    )
    table = "| error | code | exit | HTTP | meaning |\n|---|---|---|---|---|\n" + "\n".join(rows)
    reasons = re.search(r"one of (.*?)\.\n", errors.ModelError.__doc__ or "", re.DOTALL)
    listed = " ".join(reasons[1].split()) if reasons else ""
    return "\n\n".join(
        [
            "# Errors",
            intro,
            table,
            f"## Why a model call failed\n\n`failure.reason` of `model_call.failed` is one of {listed}.",
        ]
    )


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, errors.CallboardError)


def _exit_code(kind: Any) -> int:
    """Ask the command line itself."""
    needed: dict[Any, dict[str, Any]] = {
        errors.ModelError: {"reason": "server"},
        errors.TooManyAttempts: {"wait_s": 1},
        errors.RunArchived: {"file": "2026-05.zip"},
    }
    arguments = needed.get(kind, {})

    def work() -> int:
        first: Any = [] if kind is errors.DefinitionInvalid else ""
        raise kind(first, **arguments)

    said, sys.stderr = sys.stderr, _Silence()
    try:
        guarded(work)
    except typer.Exit as leaving:
        return leaving.exit_code
    finally:
        sys.stderr = said
    return 0


class _Silence:
    def write(self, text: str) -> int:
        """Say nothing."""
        return len(text)

    def flush(self) -> None:
        """Nothing to do."""

    def isatty(self) -> bool:
        """No terminal."""
        return False


class _Asked(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def get(self, key: str, default: Any = None) -> Any:
        self.names.append(key)
        return default


async def _no_app() -> Any:
    raise NotImplementedError


def api_page() -> str:
    """Return the routes of the HTTP API, and the codes of its refusals."""
    document = create_api(Parts(_no_app)).openapi()
    found: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            said = " ".join(told["description"].split()).replace("|", "\\|")
            found.setdefault(told["tags"][0], []).append(f"| `{method.upper()} {path}` | {said} |")
    parts = [
        f"## {tag.capitalize()}\n\n| route | what it does |\n|---|---|\n" + "\n".join(rows)
        for tag, rows in found.items()
    ]
    intro = (
        "What `callboard serve` answers. The shapes of bodies and answers are in `/api/openapi.json`. How to ask, page, "
        "repeat and follow: see [Serve Callboard over HTTP](../how-to/serve.md)."
    )
    return "\n\n".join(["# HTTP API", intro, *parts])


def environment_page() -> str:
    """Return the environment variables that settings ask for."""
    asked = _Asked()
    read_settings(asked)
    rows = [f"| `{name}` | {VARIABLES[name]} |" for name in dict.fromkeys(asked.names)]
    intro = "All that Callboard reads from the environment. An empty value counts as not set."
    return "\n\n".join(
        ["# Environment", intro, "| variable | meaning |\n|---|---|\n" + "\n".join(rows)]
    )


def _doc(thing: type) -> str:
    lines = (thing.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)


def _table(model: type[BaseModel], skip: tuple[str, ...] = ()) -> str:
    rows = [
        f"| `{name}` | {kind} | {default} |"
        for name, kind, default in _fields(model)
        if name not in skip
    ]
    if not rows:
        return "No payload."
    return "| field | type | default |\n|---|---|---|\n" + "\n".join(rows)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    for name, info in model.model_fields.items():
        yield info.alias or name, _type(info.annotation, info), _default(info)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return "none"
    if value is None:
        return ""
    return f"`{json.dumps(value, default=str)}`"


_NAMES: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    type(None): "null",
}


def _type(annotation: Any, info: FieldInfo | None = None) -> str:
    if annotation is JsonValue:
        return "JSON"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = [one for one in arguments[1:] if isinstance(one, FieldInfo)]
        return _type(arguments[0], inner[0] if inner else info)
    if origin is Literal:
        return " \\| ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, types.UnionType):
        members = [one for one in arguments if one is not type(None)]
        named = [_type(one, info) for one in members]
        return " \\| ".join(named + (["null"] if len(members) < len(arguments) else []))
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        value = _type(arguments[1])
        return "object" if value == "JSON" else f"object of {value}"
    return _plain(annotation) + _bounds(info)


def _plain(annotation: Any) -> str:
    if annotation in _NAMES:
        return _NAMES[annotation]
    name = str(annotation.__name__)
    return {"Decimal": "US dollars", "datetime": "time"}.get(name, name)


def _bounds(info: FieldInfo | None) -> str:
    words = {"gt": ">", "ge": "≥", "max_length": "at most"}
    found = [
        f"{word} {getattr(one, name)}"
        for one in (info.metadata if info else ())
        for name, word in words.items()
        if getattr(one, name, None) is not None
    ]
    return f" ({', '.join(found)})" if found else ""


if __name__ == "__main__":
    sys.exit(main())
