"""Rules on tools and their arguments, as definitions and policies write them."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from callboard.domain.definition.language import Language

Effect = Literal["allow", "ask", "deny"]

Origin = Literal["untrusted", "repository", "web", "mcp", "tool"]
"""What a run may have read: one source, or (`untrusted`) any of them that no person answers for."""


class ArgumentCondition(Language):
    """A condition on one argument; everything that is given must hold.

    `glob`: the text or path as a whole. `words`: the first words of a command, each a glob; every command
    that a shell line holds is looked at. `host`: of a URL, `*.example.org` for all below it. The others mean
    what they mean in a JSON Schema.
    """

    glob: str | None = None
    words: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    host: Annotated[str, Field(min_length=1)] | None = None
    enum: tuple[JsonValue, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: Annotated[int, Field(ge=0)] | None = None
    max_length: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(value is None for value in vars(self).values()):
            raise ValueError("holds no condition; use one of glob, words, host, enum, minimum, …")
        return self


class Approvers(Language):
    """Who must approve: `count` different people, of `people` where those are named, within `within_s`
    seconds. Whoever started the run does not count.
    """

    count: Annotated[int, Field(ge=1, le=20)] = 1
    people: tuple[str, ...] = ()
    within_s: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.people and len(set(self.people)) < self.count:
            raise ValueError(f"asks for {self.count} people and names {len(set(self.people))}")
        return self


class PermissionRule(Language):
    """A rule on a tool and its arguments.

    `tool` and the plain values of `arguments` are globs (`*`, `?`, `**` across `/`). A rule matches a call
    when the tool matches and every named argument is there and matches (a list matches when one of its
    strings does for `deny` and `ask`, when all do for `allow`). Deny wins over ask, ask over allow,
    whatever the order. Where a tool has an allow rule, calls that no allow or ask rule matches are denied.

    `after` limits the rule to calls that a run makes after it read something of these origins, `reach` to
    calls whose effects may leave the workspace. `reason` is what people and the model are told.
    """

    effect: Effect
    tool: str
    arguments: dict[str, str | ArgumentCondition] = Field(default_factory=dict)
    after: tuple[Origin, ...] = ()
    reach: Literal["outside"] | None = None
    approvers: Approvers | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _grants_nothing_for_reading(self) -> Self:
        if self.after and self.effect == "allow":
            raise ValueError("allows something after untrusted content was read; use ask or deny")
        return self

    @model_validator(mode="after")
    def _only_asking_needs_people(self) -> Self:
        if self.approvers is not None and self.effect != "ask":
            raise ValueError(
                f"names approvers, and its effect is {self.effect}; only ask needs them"
            )
        return self
