"""What the screens of workflows show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from callboard.domain.errors import Problem
from callboard.domain.org.flow import WorkflowVersion
from callboard.domain.workflow import AgentStep, PeopleStep, Step, WorkflowDefinition
from callboard.engine.tasks.evidence import wording
from callboard.engine.tasks.order import needs_by_step
from callboard.usecases.workflow_checks import WorkflowCheck
from callboard.usecases.workflows import Flow
from callboard.web.page import Page
from callboard.web.render.diagram.drawing import condition_words


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words."""

    id: str
    title: str
    who: str
    by_people: bool
    after: str
    when: str
    back: str
    more: Sequence[str]


@dataclass(frozen=True, slots=True)
class WorkflowsPage(Page):
    """All workflows that somebody sees. `used` counts the unfinished tasks of each."""

    template = "workflows.html"
    section = "workflows"
    flows: Sequence[Flow]
    used: Mapping[str, int]

    @property
    def title(self) -> str:
        """The heading."""
        return "Workflows"

    def steps(self, flow: Flow) -> str:
        """Return the titles of a workflow's steps."""
        return " → ".join(step.title for step in flow.definition.steps)


@dataclass(frozen=True, slots=True)
class WorkflowPage(Page):
    """One workflow in one of its versions."""

    template = "workflow.html"
    section = "workflows"
    flow: Flow
    drawing: Markup
    steps: Sequence[Told]
    current: str
    checks: Sequence[WorkflowCheck]
    versions: Sequence[WorkflowVersion]
    open_tasks: int
    can_manage: bool

    @property
    def title(self) -> str:
        """The heading."""
        return self.flow.definition.title

    @property
    def version_word(self) -> str:
        """Which version it is, in words."""
        if self.flow.version is None:
            return "comes with Callboard"
        is_live = self.flow.version == self.flow.live
        return f"version {self.flow.version}, {'live' if is_live else f'not live: that is {self.flow.live}'}"


@dataclass(frozen=True, slots=True)
class VersionsPage(Page):
    """The versions of a workflow, and how two of them differ."""

    template = "workflow_versions.html"
    section = "workflows"
    flow: Flow
    versions: Sequence[WorkflowVersion]
    before: int
    after: int
    changes: Markup
    can_manage: bool

    @property
    def title(self) -> str:
        """The heading."""
        return "Versions"

    @property
    def full_title(self) -> str:
        """The versions, and of what."""
        return f"{self.flow.definition.title}: Versions"

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """All versions, as choices."""
        return [(str(one.number), f"Version {one.number}") for one in self.versions]


@dataclass(frozen=True, slots=True)
class EditPage(Page):
    """The editor: a text, what is wrong with it, how it looks and what it changes. `is_new`: it has no version yet."""

    template = "workflow_edit.html"
    section = "workflows"
    name: str
    text: str
    note: str
    space: str
    spaces: Sequence[tuple[str, str]]
    problems: Sequence[Problem] = ()
    wrong: str = ""
    drawing: Markup = field(default=Markup(""))
    changes: Markup = field(default=Markup(""))
    checks: Sequence[WorkflowCheck] = ()

    @property
    def title(self) -> str:
        """The heading."""
        return f"Edit {self.name}" if self.name else "New workflow"

    @property
    def action(self) -> str:
        """Where the form is sent."""
        return f"/workflows/{self.name}/edit" if self.name else "/new/workflow"

    @property
    def fails(self) -> bool:
        """Whether a check failed that whoever publishes must have seen."""
        return any(one.held == "no" for one in self.checks)


def told(definition: WorkflowDefinition) -> list[Told]:
    """Return the steps of a workflow in words."""
    titles = {step.id: step.title for step in definition.steps}
    needed = needs_by_step(definition)
    return [_told(step, needed[step.id], titles) for step in definition.steps]


def _told(step: Step, needed: Sequence[str], titles: Mapping[str, str]) -> Told:
    needs = [titles.get(one, one) for one in needed]
    back = titles.get(step.on_reject, step.on_reject) if step.on_reject is not None else ""
    return Told(
        step.id,
        step.title,
        _who(step),
        isinstance(step, PeopleStep),
        ", ".join(needs),
        condition_words(step.when) if step.when is not None else "",
        back,
        _more(step),
    )


def _who(step: Step) -> str:
    if isinstance(step, AgentStep):
        return step.agent or f"whoever has {', '.join(step.skills)}"
    rule = step.approvers
    if rule is None:
        return "people who may decide"
    named = ", ".join(rule.roles or rule.people) or "people"
    return f"{rule.count} of: {named}" if rule.count > 1 else named


def _more(step: Step) -> list[str]:
    found: list[str] = []
    if isinstance(step, AgentStep):
        found += [f"Verified: {wording(check)}" for check in step.checks]
        found += ["Gives a verdict"] if step.verdict is not None else []
        found += [f"Preferred: {', '.join(step.prefer)}"] if step.prefer else []
        share = step.budget_share
        found += [f"At most {share:.0%} of the budget an attempt"] if share is not None else []
        found += [step.instructions] if step.instructions else []
    found += [f"Another {', '.join(step.separate)} than the author"] if step.separate else []
    found += [f"At most {step.timeout_s:,.0f} s"] if step.timeout_s is not None else []
    return [*found, f"At most {step.max_attempts} attempts"]
