"""The life of a run, from its creation to its one terminal event."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.events.event import Event
from callboard.domain.frozen import Frozen
from callboard.domain.message import JsonObject, MediaPart, Message
from callboard.domain.output import ErrorOutput, RunOutput
from callboard.domain.policy import PolicyLayer
from callboard.domain.tool import Source
from callboard.domain.usage import Usage, Usd
from callboard.domain.workflow import Landing, Task, WorkflowDefinition


class ParentLink(Frozen):
    """Where a child run hangs: its parent, the root of the tree, and how deep it is (root: 0)."""

    run_id: str
    root_id: str
    depth: int


class AgentSubject(Frozen):
    """The run executes one agent.

    `model` is the one in effect (it may override the definition's); `chain` holds it and those that are asked
    one after the other where it does not answer, where its name stands for several. `system` and `instructions`
    are the prompts as rendered once for this run, so that every request starts with the same bytes;
    `step_prompt` keeps the placeholders that change. `attachments` are images and files beside the prompt.
    `history` is the parent's conversation where the definition asks for it; what an `inline` child makes of it
    becomes the parent's. `tools` are the names told to the model where they are the parent's (for the
    provider's prompt cache), which grants nothing. `policy` are the rules of the organisation, the space, every
    ancestor and whoever started the run; a call must pass each layer and the definition's own rules. `read`
    says where what the run begins with comes from, as far as no person answers for it.
    """

    kind: Literal["agent"] = "agent"
    definition: AgentDefinition
    model: str
    chain: tuple[ModelChoice, ...] = ()
    prompt: str | None = None
    params: JsonObject | None = None
    system: str = ""
    instructions: str = ""
    attachments: tuple[MediaPart, ...] = ()
    step_prompt: str = ""
    history: tuple[Message, ...] = ()
    tools: tuple[str, ...] | None = None
    inline: bool = False
    policy: tuple[PolicyLayer, ...] = ()
    read: tuple[Source, ...] = ()


class WorkflowSubject(Frozen):
    """The run takes one task through a workflow, on a private copy of `repository` at `base_commit`.

    `base_tree` is the copy's recorded tree before anybody worked on it; `agents` pins the definitions that
    own the steps, by the name that the workflow gives them. `landing` says whether the change ends as a branch or is
    handed on to the forge. `version` is that of the workflow, where the organisation keeps versions of it.
    `attachments` are images and documents given with the task; every step's agent gets them.
    """

    kind: Literal["workflow"] = "workflow"
    workflow: WorkflowDefinition
    task: Task
    repository: str
    base_commit: str
    base_tree: str
    branch: str
    agents: dict[str, AgentDefinition] = Field(default_factory=dict)
    landing: Landing = "branch"
    version: int | None = None
    attachments: tuple[MediaPart, ...] = ()


class BudgetAccount(Frozen):
    """The budget of a run above this one, on which this one draws."""

    run_id: str
    limit_usd: Usd


class RunCreated(Event):
    """First event of every log: everything the run was started with.

    `limits` are those in effect (own and inherited, the tighter of each), `deadline_at` the absolute end
    of its wall time. `workspace` is a directory on the machine that created the run, `folders` are the
    folders that it was told to find definitions in, where it was told any. `space` is what the work belongs to:
    a space of the organisation, or the repository of a task, else the workspace of the root. `task` is the key
    of the task that it works on, `step` the step of it that this run serves. `accounts` are the budgets of the
    runs above it; `on_limit` says whether it fails or waits for a person where money runs out.
    """

    type: Literal["run.created"] = "run.created"
    subject: Annotated[AgentSubject | WorkflowSubject, Field(discriminator="kind")]
    actor: Actor
    workspace: str
    space: str = ""
    task: str | None = None
    step: str | None = None
    folders: tuple[str, ...] = ()
    limits: Limits = Limits()
    deadline_at: datetime | None = None
    accounts: tuple[BudgetAccount, ...] = ()
    on_limit: Literal["fail", "wait"] = "fail"
    parent: ParentLink | None = None
    forked_from: str | None = None


class RunResumed(Event):
    """Another process took the run over. Effects begun in an earlier epoch and not ended are lost."""

    type: Literal["run.resumed"] = "run.resumed"
    epoch: int


class PolicyChanged(Event):
    """The rules of the organisation or the space are others now. Approvals given under the old ones are
    void.
    """

    type: Literal["policy.changed"] = "policy.changed"
    policy: tuple[PolicyLayer, ...]


class CancellationRequested(Event):
    """Somebody asked for the run to end."""

    type: Literal["cancellation.requested"] = "cancellation.requested"
    actor: Actor
    reason: str = ""


class RunCompleted(Event):
    """Terminal. `cost_usd` includes all children and is None where a part of it is unknown."""

    type: Literal["run.completed"] = "run.completed"
    output: RunOutput
    cost_usd: Usd | None
    usage: Usage


class RunFailed(Event):
    """Terminal: the run came to nothing; `output` says why."""

    type: Literal["run.failed"] = "run.failed"
    output: ErrorOutput
    cost_usd: Usd | None
    usage: Usage


class RunCancelled(Event):
    """Terminal: somebody ended the run."""

    type: Literal["run.cancelled"] = "run.cancelled"
    output: ErrorOutput
    cost_usd: Usd | None
    usage: Usage


Terminal = RunCompleted | RunFailed | RunCancelled
