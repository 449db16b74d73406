"""AgentDefinition: a role on a team, defined once.

Field names are snake_case in Python and camelCase in files; both are accepted on input. Prompts are
texts here: the `{path: …}` form is resolved by the reader before validation.
"""

import hashlib
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from callboard.domain.definition.language import Language
from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.message import JsonObject
from callboard.domain.text import Said
from callboard.domain.usage import Usd

AgentId = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=64)]
OutputMode = Literal["last_message", "all_messages", "structured_output"]


class ReasoningOptions(Language):
    """How much a model thinks before it answers; ignored by models that cannot.

    `max_tokens` keeps its snake_case spelling in files, as OpenRouter writes it.
    """

    enabled: bool = False
    exclude: bool = False
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    max_tokens: Annotated[int, Field(gt=0)] | None = Field(default=None, alias="max_tokens")


class InputSchema(Language):
    """JSON Schemas for what an agent may be spawned with."""

    prompt: JsonObject | None = None
    params: JsonObject | None = None


class Limits(Language):
    """Bounds of one run and everything below it. None means: no bound of its own.

    `turns` counts model answers, `cost_usd` is in US dollars, `wall_time_s` in seconds, `depth` is how
    many levels of children may be below this run (0: none).
    """

    turns: Annotated[int, Field(gt=0)] | None = None
    cost_usd: Annotated[Usd, Field(ge=Decimal(0))] | None = None
    wall_time_s: Annotated[float, Field(gt=0)] | None = None
    depth: Annotated[int, Field(ge=0)] | None = None


class CompactContext(Language):
    """When a long conversation is replaced by a summary: once it is longer than `max_context_length`
    tokens, or longer than `cache_expiry_min_tokens` after a pause of `cache_expiry_ms`, when the provider's
    prompt cache has forgotten it anyway.
    """

    max_context_length: Annotated[int, Field(gt=0)] | None = None
    max_output_tokens: Annotated[int, Field(gt=0)] | None = None
    cache_expiry_ms: Annotated[int, Field(ge=0)] | None = None
    cache_expiry_min_tokens: Annotated[int, Field(ge=0)] | None = None


class AgentDefinition(Language):
    """An agent: name, model, mandate, tools, skills, credential. Immutable; identified by its digest.

    `base_url` is an OpenAI-compatible endpoint of one's own (provider `self-hosted`); no stored or
    environment key is ever sent to an address that a definition names. `text_tool_calls` is for models
    without native tool calls: tools are described in the system prompt and called in the answer's text.
    """

    id: AgentId
    display_name: Said
    model: Said
    version: str | None = None
    publisher: str | None = None
    provider: Said | None = None
    base_url: Said | None = None
    credential: Said | None = None
    reasoning_options: ReasoningOptions | None = None
    provider_options: JsonObject | None = None
    mcp_servers: JsonObject = Field(default_factory=dict)

    tool_names: tuple[str, ...] = ("end_turn",)
    spawnable_agents: tuple[str, ...] = ()
    permissions: tuple[PermissionRule, ...] = ()
    on_unknown_outcome: Literal["tell_model", "ask"] = "tell_model"

    input_schema: InputSchema | None = None
    output_mode: OutputMode = "last_message"
    output_schema: JsonObject | None = None
    include_message_history: bool = False
    inherit_parent_system_prompt: bool = False

    spawner_prompt: str | None = None
    system_prompt: str = ""
    instructions_prompt: str = ""
    step_prompt: str = ""
    handle_steps: str | None = None

    compact_context: bool | CompactContext = False
    windowed_file_reads: bool = False
    text_tool_calls: bool = False

    skills: tuple[Said, ...] = ()
    limits: Limits = Limits()

    def to_json(self) -> JsonObject:
        """Return the normalised definition with the language's own (camelCase) field names."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def digest(self) -> str:
        """SHA-256 of the normalised definition: equal digests run the same way."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()
