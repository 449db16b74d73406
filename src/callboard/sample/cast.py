"""Who belongs to the sample: its people, its spaces, and the agents that play in them."""

from dataclasses import dataclass
from typing import Final

from callboard.bootstrap import role_template
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.org.roles import OrgRole, SpaceRole

OWNER: Final = "olga"


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody, their role in the organisation and those in its spaces."""

    id: str
    name: str
    role: OrgRole = "member"
    spaces: tuple[tuple[str, SpaceRole], ...] = ()


PEOPLE: Final = (
    Joining("ada", "Ada Okafor", "admin"),
    Joining("ben", "Ben Larsen", "admin", (("checkout", "maintainer"),)),
    Joining("mia", "Mia Rossi", spaces=(("checkout", "maintainer"), ("handbook", "contributor"))),
    Joining("sam", "Sam Haddad", spaces=(("handbook", "maintainer"), ("checkout", "viewer"))),
    Joining("lee", "Lee Tanaka", spaces=(("pipelines", "maintainer"), ("checkout", "contributor"))),
    Joining(
        "ann", "Ann Keller", spaces=(("checkout", "contributor"), ("pipelines", "contributor"))
    ),
    Joining("kim", "Kim Duarte", spaces=(("handbook", "contributor"), ("checkout", "contributor"))),
    Joining("tom", "Tom Wójcik", spaces=(("pipelines", "contributor"),)),
    Joining("eva", "Eva Lindqvist", spaces=(("checkout", "viewer"), ("handbook", "viewer"))),
    Joining("max", "Max Brandt", spaces=(("pipelines", "contributor"),)),
)
"""All but the owner. Max has left."""


@dataclass(frozen=True, slots=True)
class Place:
    """A space: the prefix of its tasks, its workflow, who lets its work go out, who writes its tasks down, and what it
    may spend, in US dollars.
    """

    id: str
    name: str
    prefix: str
    workflow: str
    maintainers: tuple[str, ...]
    writers: tuple[str, ...]
    budget_usd: int
    about: str


PLACES: Final = (
    Place(
        "checkout", "Checkout", "SHOP", "checkout-line", ("mia", "ben"), ("ann", "kim", "lee"), 40,
        "Basket, prices, payment, and the mail that follows.",
    ),
    Place(
        "handbook", "Handbook", "DOC", "handbook-pages", ("sam",), ("kim", "mia"), 9,
        "What customers and those who help them read.",
    ),
    Place(
        "pipelines", "Pipelines", "DATA", "nightly-imports", ("lee",), ("tom", "ann"), 6,
        "What becomes of the day's orders overnight.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """An agent: the template that it is made of, where it plays (None: everywhere), and who answers for it."""

    id: str
    name: str
    template: str
    spaces: tuple[str, ...] | None
    owner: str
    asks: bool = False
    """Whether it may put questions to people, and must ask before it runs a command."""
    model: str | None = None


ROLES: Final = (
    Role("implementer", "Implementer", "implementer", ("checkout", "pipelines"), "mia"),
    Role("frontend-implementer", "Front-end Implementer", "implementer", ("checkout",), "mia", model="openai/gpt-5"),
    Role("data-migrator", "Data Migrator", "implementer", ("pipelines",), "lee", asks=True),
    Role("code-reviewer", "Code Reviewer", "code-reviewer", None, "ben"),
    Role("second-reviewer", "Second Reviewer", "code-reviewer", ("checkout",), "ben", model="openai/gpt-5"),
    Role("security-reviewer", "Security Reviewer", "security-reviewer", None, "ada"),
    Role("design-reviewer", "Design Reviewer", "design-reviewer", ("checkout", "handbook"), "sam"),
    Role("test-writer", "Test Writer", "test-writer", ("checkout", "pipelines"), "mia"),
    Role("planner", "Planner", "planner", ("checkout", "pipelines"), "lee"),
    Role("documentation-writer", "Documentation Writer", "documentation-writer", ("handbook",), "sam"),
    Role("triager", "Triager", "triager", None, "ada"),
    Role("release-notes", "Release Notes", "documentation-writer", ("checkout",), "ben"),
    Role("support-answers", "Support Answers", "triager", ("handbook",), "sam"),
)  # fmt: skip


def definition_of(role: Role, credential: str) -> AgentDefinition:
    """Return a role's first version: as its template says, under its own name."""
    template = role_template(role.template).definition
    update: dict[str, object] = {
        "id": role.id,
        "display_name": role.name,
        "publisher": None,
        "credential": credential,
        "handle_steps": None,  # a program would be started for every run of the past
        "output_mode": "last_message" if template.handle_steps else template.output_mode,
        "spawnable_agents": (),
        "model": role.model or template.model,
    }
    if role.asks:
        ask = PermissionRule(
            effect="ask", tool="run_terminal_command", reason="It touches the data."
        )
        update["permissions"] = (*template.permissions, ask)
        update["tool_names"] = (*template.tool_names, "ask_user")
    if role.id == "implementer":
        update["tool_names"] = (*template.tool_names, "ask_user")
    return template.model_copy(update=update)
