"""One realistic event of every kind, as version 1 of each writes it."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import (
    AgentDefinition,
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
from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
    HistoryChange,
)
from callboard.domain.events.conversation import (
    ContextCompacted,
    MessageAdded,
    MessagesReplaced,
    OutputSet,
    Subgoal,
    SubgoalRecorded,
)
from callboard.domain.events.event import BlobRef
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.gate import (
    ApprovalGiven,
    AskingRule,
    GateDecided,
    GateExpired,
    GateOpened,
    GateWithdrawn,
)
from callboard.domain.events.loop import LoopDetected
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
    ModelFailure,
    ModelReplaced,
)
from callboard.domain.events.program import (
    ProgramEnded,
    ProgramLog,
    ProgramStarted,
    ProgramYielded,
    SampleCompleted,
    SampleFailed,
    SampleStarted,
)
from callboard.domain.events.run import (
    AgentSubject,
    CancellationRequested,
    ParentLink,
    PolicyChanged,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunResumed,
    WorkflowSubject,
)
from callboard.domain.events.tool_call import (
    CallRequest,
    ToolCallCompleted,
    ToolCallInterrupted,
    ToolCallRefused,
    ToolCallStarted,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import (
    ChangeCommitted,
    ChangeLanded,
    CheckCompleted,
    CheckStarted,
    CommentAdded,
    Considered,
    StepAssigned,
    StepEnded,
    StepPostponed,
    StepSkipped,
    StepStarted,
)
from callboard.domain.evidence import CommandCheck
from callboard.domain.message import (
    JsonOutput,
    MediaOutput,
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.domain.output import AllMessages, ErrorOutput, LastMessage, StructuredOutput
from callboard.domain.policy import PolicyLayer
from callboard.domain.tool import ToolFacts, error_outputs, json_outputs
from callboard.domain.usage import Bill, Usage, usd
from callboard.domain.workflow import (
    AgentStep,
    PeopleStep,
    Task,
    VerdictRule,
    WorkflowDefinition,
)

NOON = datetime(2026, 1, 15, 12, 0, 0, 123456, tzinfo=timezone.utc)
RUN = "1m7y2c5v8q0n3k6tr"
ADA = Actor(kind="person", name="ada")
TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
NEW_TREE = "0f3b2a1c4d5e6f708192a3b4c5d6e7f8091a2b3c"

REVIEWER = AgentDefinition(
    id="code-reviewer",
    display_name="Code Reviewer",
    model="anthropic/claude-sonnet-4.5",
    version="1.2.0",
    publisher="acme",
    provider="anthropic",
    credential="team-key",
    reasoning_options=ReasoningOptions(enabled=True, effort="high", max_tokens=2000),
    provider_options={"order": ["anthropic"], "allow_fallbacks": False},
    mcp_servers={"issues": {"type": "http", "url": "https://mcp.example/issues"}},
    tool_names=("read_files", "code_search", "spawn_agents", "set_output", "end_turn"),
    spawnable_agents=("acme/security-reviewer@2.0.0", "thinker"),
    permissions=(
        PermissionRule(effect="deny", tool="read_files", arguments={"paths": "secrets/**"}),
        PermissionRule(effect="ask", tool="run_*"),
    ),
    on_unknown_outcome="ask",
    input_schema=InputSchema(prompt={"type": "string", "description": "What to review"}),
    output_mode="structured_output",
    output_schema={"type": "object", "properties": {"verdict": {"type": "string"}}},
    include_message_history=True,
    spawner_prompt="Spawn to review a change.",
    system_prompt="You review code.\nBe kind, be exact: «naïve» ≠ wrong.",
    instructions_prompt="Give a verdict.",
    step_prompt="Go on, or end your turn.",
    skills=("review", "security"),
    limits=Limits(turns=40, cost_usd=usd("1.50"), wall_time_s=600.0, depth=1),
)

USAGE = Usage(
    input_tokens=1200,
    output_tokens=90,
    cache_read_tokens=1000,
    cache_write_tokens=150,
    reasoning_tokens=40,
)
BILL = Bill(known_usd=usd("0.004217001"), has_unknown=True)
CALL = ToolCallPart(
    call_id="toolu_01",
    tool="read_files",
    arguments={"paths": ["src/app.py", "päth/ünï.py"]},
    details={"signature": "c2ln"},
)
ANSWER = Message(
    role="assistant",
    parts=(
        ReasoningPart(text="The tests come first.", details={"signature": "c2lnbmF0dXJl"}),
        TextPart(text="I will read both files.\n"),
        CALL,
        ToolCallPart(call_id="toolu_02", tool="code_search", arguments=None, raw='{"pattern": '),
    ),
)
RESULTS = Message(
    role="tool",
    parts=(
        ToolResultPart(
            call_id="toolu_01",
            tool="read_files",
            output=(JsonOutput(value=[{"path": "src/app.py", "content": "print('hi')\n"}]),),
        ),
        ToolResultPart(
            call_id="toolu_02",
            tool="code_search",
            output=error_outputs("Invalid parameters"),
            is_error=True,
        ),
    ),
)
WORKFLOW = WorkflowDefinition(
    id="implement-review-sign-off",
    title="Implement, review, sign off",
    steps=(
        AgentStep(
            id="implement",
            title="Implement",
            agent="implementer",
            checks=(CommandCheck(command="make test", timeout_s=300.0),),
            on_reject="implement",
        ),
        AgentStep(
            id="review",
            title="Code review",
            agent="code-reviewer",
            verdict=VerdictRule(),
            on_reject="implement",
        ),
        PeopleStep(id="sign-off", title="Sign-off", on_reject="implement"),
    ),
)

AGENT_RUN = RunCreated(
    subject=AgentSubject(
        definition=REVIEWER,
        model="anthropic/claude-sonnet-4.5",
        prompt="Review the last change.",
        params={"depth": "full", "files": 3},
        system="You review code.\nBe kind, be exact: «naïve» ≠ wrong.",
        instructions="Give a verdict.",
        attachments=(MediaPart(media_type="image/png", data="iVBORw0KGgo="),),
        step_prompt="Go on, or end your turn.",
        history=(user_message("Earlier words", "USER_PROMPT"),),
        tools=("read_files", "end_turn"),
        inline=True,
        policy=(
            PolicyLayer(
                level="parent",
                name="lead",
                rules=(PermissionRule(effect="deny", tool="write_file"),),
            ),
        ),
    ),
    actor=Actor(kind="agent", name="implementer"),
    workspace="/home/ada/project",
    folders=("/home/ada/project/.agents",),
    limits=Limits(turns=40, cost_usd=usd("0.75"), wall_time_s=600.0, depth=1),
    deadline_at=NOON + timedelta(minutes=10),
    parent=ParentLink(run_id="1m7y2c5v8q0n3k6ab", root_id="1m7y2c5v8q0n3k6ab", depth=1),
    forked_from="1m7y2c5v8q0n3k600@7",
)
WORKFLOW_RUN = RunCreated(
    subject=WorkflowSubject(
        workflow=WORKFLOW,
        task=Task(title="Make the test pass", description="Half a cent rounds up."),
        repository="/home/ada/project",
        base_commit="9fceb02d0ae598e95dc970b74767f19372d61af8",
        base_tree=TREE,
        branch="callboard/make-the-test-pass-n3k6tr",
        agents={"code-reviewer": REVIEWER},
    ),
    actor=ADA,
    workspace="/home/ada/.local/share/callboard/workspaces/1m7y2c5v8q0n3k6tr",
    limits=Limits(turns=100, depth=5),
)

assert isinstance(AGENT_RUN.subject, AgentSubject)
CHAINED = AGENT_RUN.subject.model_copy(
    update={
        "chain": (
            ModelChoice(model=AGENT_RUN.subject.model),
            ModelChoice(model="gpt-4.1", provider="openai", credential="reviews"),
            ModelChoice(model="qwen3", provider="self-hosted", base_url="http://localhost:8000/v1"),
        )
    }
)

EVENTS: dict[str, AnyEvent] = {
    "run.created.v1.agent": AGENT_RUN,
    "run.created.v1.workflow": WORKFLOW_RUN,
    "run.created.v1.chain": AGENT_RUN.model_copy(update={"subject": CHAINED}),
    "run.resumed.v1": RunResumed(epoch=2),
    "cancellation.requested.v1": CancellationRequested(actor=ADA, reason="wrong branch"),
    "run.completed.v1.last-message": RunCompleted(
        output=LastMessage(value="All good.", text="All good."), cost_usd=usd("0.0123"), usage=USAGE
    ),
    "run.completed.v1.all-messages": RunCompleted(
        output=AllMessages(
            value=({"role": "assistant", "content": [{"type": "text", "text": "All good."}]},)
        ),
        cost_usd=None,
        usage=USAGE,
    ),
    "run.completed.v1.structured-output": RunCompleted(
        output=StructuredOutput(value={"verdict": "approve", "score": 0.5, "notes": [None, True]}),
        cost_usd=Decimal(0),
        usage=Usage(),
    ),
    "run.failed.v1": RunFailed(
        output=ErrorOutput(
            message="The run reached its limit of 40 turns (--max-turns).", code="turn_limit"
        ),
        cost_usd=usd("1.5"),
        usage=USAGE,
    ),
    "run.cancelled.v1": RunCancelled(
        output=ErrorOutput(message="Run cancelled by ada: wrong branch", code="cancelled"),
        cost_usd=None,
        usage=Usage(),
    ),
    "model_call.started.v1": ModelCallStarted(
        turn=1, attempt=1, model="anthropic/claude-sonnet-4.5"
    ),
    "model_call.completed.v1": ModelCallCompleted(
        turn=1,
        attempt=2,
        message=ANSWER,
        finish="tool_calls",
        usage=USAGE,
        cost_usd=usd("0.004217001"),
        requests=(
            CallRequest(
                call_id="toolu_01",
                tool="read_files",
                facts=ToolFacts(access="read", retry_safety="pure"),
                arguments={"paths": ["src/app.py", "päth/ünï.py"], "windowed": False},
            ),
        ),
        answered_by="claude-sonnet-4-5-20250929",
        duration_ms=2310,
    ),
    "model_call.completed.v1.unknown-cost": ModelCallCompleted(
        turn=2,
        attempt=1,
        message=Message(role="assistant", parts=(TextPart(text="Done."),)),
        finish="stop",
        usage=None,
        cost_usd=None,
    ),
    "model_call.failed.v1": ModelCallFailed(
        turn=1,
        attempt=1,
        failure=ModelFailure(
            reason="rate_limited",
            message="Anthropic answered 429: slow down",
            retryable=True,
            retry_after_s=2.5,
        ),
    ),
    "model.replaced.v1": ModelReplaced(
        position=1,
        model="openai/gpt-4.1",
        replaces="anthropic/claude-sonnet-4.5",
        failure=ModelFailure(
            reason="overloaded", message="Anthropic answered 529: overloaded", retryable=True
        ),
    ),
    "program.started.v1": ProgramStarted(source_digest="a" * 64, seed="0f" * 16),
    "program.yielded.v1": ProgramYielded(
        index=1,
        kind="tool",
        digest="b" * 64,
        clock=NOON,
        message=Message(
            role="assistant",
            parts=(ToolCallPart(call_id="p1", tool="read_files", arguments={"paths": ["a.py"]}),),
        ),
        requests=(
            CallRequest(
                call_id="p1",
                tool="read_files",
                facts=ToolFacts(access="read", retry_safety="pure"),
            ),
        ),
        logs=(ProgramLog(level="info", data={"n": 1}, message="reading"),),
    ),
    "program.yielded.v1.generate": ProgramYielded(
        index=2, kind="generate", digest="c" * 64, clock=NOON, steps_complete=True, count=3
    ),
    "program.ended.v1": ProgramEnded(
        ending="diverged", message="yield 2 was STEP, recorded was STEP_ALL"
    ),
    "sample.started.v1": SampleStarted(index=0, attempt=1, model="openai/gpt-5"),
    "sample.completed.v1": SampleCompleted(
        index=0, text="One way.", usage=USAGE, cost_usd=usd("0.01"), duration_ms=900
    ),
    "sample.failed.v1": SampleFailed(
        index=1,
        attempt=1,
        failure=ModelFailure(reason="server", message="answered 500", retryable=True),
    ),
    "context.compacted.v1": ContextCompacted(
        messages=(user_message("a summary", "SUMMARY"),), tokens_before=190_000, tokens_after=2_000
    ),
    "subgoal.recorded.v1": SubgoalRecorded(
        id="1",
        subgoal=Subgoal(
            objective="Find the fault", status="IN_PROGRESS", plan="Read.", logs=("read a.py",)
        ),
    ),
    "tool_call.refused.v1": ToolCallRefused(
        turn=1,
        call_id="toolu_02",
        tool="code_search",
        reason="invalid_arguments",
        message="Invalid parameters for code_search: expected a JSON object.",
    ),
    "tool_call.started.v1": ToolCallStarted(turn=1, call_id="toolu_01", tool="read_files", epoch=1),
    "tool_call.completed.v1": ToolCallCompleted(
        turn=1,
        call_id="toolu_01",
        tool="read_files",
        output=json_outputs([{"path": "src/app.py", "content": "print('hi')\n"}]),
        duration_ms=4,
    ),
    "tool_call.completed.v1.media": ToolCallCompleted(
        turn=1,
        call_id="toolu_03",
        tool="read_files",
        output=(MediaOutput(data="iVBORw0KGgo=", media_type="image/png"),),
    ),
    "tool_call.completed.v1.error": ToolCallCompleted(
        turn=1,
        call_id="toolu_04",
        tool="str_replace",
        output=error_outputs("The old text was not found."),
        is_error=True,
    ),
    "tool_call.completed.v1.blob": ToolCallCompleted(
        turn=1,
        call_id="toolu_05",
        tool="read_files",
        output=None,
        blob=BlobRef(
            sha256="2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", size=20480
        ),
    ),
    "tool_call.interrupted.v1": ToolCallInterrupted(
        turn=1, call_id="toolu_06", message="The outcome of this call is unknown."
    ),
    "child_run.started.v1": ChildRunStarted(
        origin="toolu_07",
        index=0,
        child_run_id=f"{RUN}.1-0-0",
        agent="acme/security-reviewer@2.0.0",
        agent_name="Security Reviewer",
        definition_digest="d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",
    ),
    "child_run.refused.v1": ChildRunRefused(
        origin="toolu_07",
        index=1,
        agent="stranger",
        message="Agent type code-reviewer is not allowed to spawn child agent type stranger.",
    ),
    "child_run.suspended.v1": ChildRunSuspended(
        child_run_id=f"{RUN}.1-0-0", gate_id="g1", question="Security Reviewer wants to call bash."
    ),
    "child_run.ended.v1": ChildRunEnded(
        child_run_id=f"{RUN}.1-0-0",
        status="completed",
        output=StructuredOutput(value={"findings": []}),
        bill=BILL,
        usage=USAGE,
    ),
    "child_run.ended.v1.inline": ChildRunEnded(
        child_run_id=f"{RUN}.p3-0-0",
        status="completed",
        output=LastMessage(value="", text=""),
        bill=BILL,
        usage=USAGE,
        history=HistoryChange(kept=4, added=(user_message("a summary"),)),
    ),
    "message.added.v1": MessageAdded(message=user_message("Go on.", "RECOVERY", expires="run")),
    "messages.replaced.v1": MessagesReplaced(
        messages=(
            Message(
                role="user",
                parts=(
                    TextPart(text="Look"),
                    MediaPart(media_type="image/png", data="iVBORw0KGgo="),
                ),
            ),
            ANSWER,
            RESULTS,
        )
    ),
    "output.set.v1": OutputSet(value={"verdict": "reject", "reason": "No test for 1.005 €"}),
    "files.changed.v1": FilesChanged(
        turn=2,
        base_tree=TREE,
        tree=NEW_TREE,
        changes=(
            FileChange(path="src/app.py", status="modified", added=3, removed=1),
            FileChange(path="logo.png", status="added", added=None, removed=None),
            FileChange(path="old.txt", status="deleted", added=0, removed=12),
        ),
        diff="diff --git a/src/app.py b/src/app.py\n+print('hi')\n",
    ),
    "files.changed.v1.blob": FilesChanged(
        turn=0,
        base_tree=TREE,
        tree=NEW_TREE,
        changes=(FileChange(path="big.py", status="added", added=9000, removed=0),),
        blob=BlobRef(
            sha256="486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7", size=90211
        ),
    ),
    "gate.opened.v1": GateOpened(
        gate_id="g1",
        reason="approval_required",
        subject="toolu_08",
        question='Implementer wants to call run_terminal_command.\n{\n  "command": "make deploy"\n}',
        digest="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    "gate.decided.v1": GateDecided(
        gate_id="g1", verdict="reject", actor=ADA, note="not on a Friday"
    ),
    "budget.reached.v1": BudgetReached(
        account="organisation", limit_usd=usd(100), spent_usd=usd("99.5"), least_usd=usd("0.75")
    ),
    "loop.detected.v1": LoopDetected(
        kind="same_call",
        stage="warned",
        turn=9,
        since_turn=6,
        actions=('turn 9: read_files {"paths": ["a"]} → [{"path": "a"}]',),
    ),
    "gate.opened.v1.approval": GateOpened(
        gate_id="g2",
        reason="approval_required",
        subject="toolu_01",
        question='Code Reviewer wants to call write_file.\n{"path": "src/app.py"}',
        digest="c" * 64,
        tool="write_file",
        arguments={"path": "src/app.py", "content": "print('hi')"},
        asked_by="code-reviewer",
        requested_by=ADA,
        rules=(
            AskingRule(
                level="organisation",
                name="policy.yaml",
                rule=PermissionRule(
                    effect="ask",
                    tool="write_file",
                    arguments={"path": "src/**", "content": ArgumentCondition(max_length=10_000)},
                    after=("untrusted",),
                    approvers=Approvers(count=2, people=("ada", "bob", "eve"), within_s=3600),
                    reason="Source code is reviewed by two.",
                ),
            ),
        ),
        bill=Bill(known_usd=usd("0.02")),
        approvers=Approvers(count=2, people=("ada", "bob", "eve"), within_s=3600),
        deadline_at=NOON + timedelta(hours=1),
    ),
    "approval.given.v1": ApprovalGiven(
        gate_id="g2", actor=Actor(kind="person", name="bob"), note="fine", arguments={"path": "a"}
    ),
    "gate.expired.v1": GateExpired(gate_id="g2"),
    "gate.withdrawn.v1": GateWithdrawn(gate_id="g2"),
    "gate.decided.v1.arguments": GateDecided(
        gate_id="g2", verdict="approve", actor=ADA, arguments={"path": "a"}
    ),
    "policy.changed.v1": PolicyChanged(
        policy=(
            PolicyLayer(
                level="space",
                name=".agents/policy.yaml",
                rules=(PermissionRule(effect="deny", tool="read_url", reach="outside"),),
            ),
        )
    ),
    "gate.decided.v1.answer": GateDecided(
        gate_id="g2",
        verdict="answer",
        actor=ADA,
        answer={"answers": [{"questionIndex": 0, "selectedOption": "yes"}]},
    ),
    "step.started.v1": StepStarted(step="implement", attempt=2),
    "step.assigned.v1": StepAssigned(
        step="review",
        attempt=1,
        agent="reviewer",
        agent_version="7",
        definition=REVIEWER,
        reason="has review; the only one",
        considered=(
            Considered(agent="reviewer", version="7", finding="chosen"),
            Considered(agent="maker", version="2", finding="wrote what is to be judged here"),
        ),
    ),
    "step.postponed.v1": StepPostponed(
        step="review",
        attempt=1,
        reason="Review needs an agent with security: guard: paused",
        considered=(Considered(agent="guard", version="3", finding="paused"),),
    ),
    "step.skipped.v1": StepSkipped(step="security", reason="no changed file matches src/auth/**"),
    "comment.added.v1": CommentAdded(actor=ADA, text="Mind the rounding of refunds."),
    "step.ended.v1": StepEnded(
        step="review", attempt=1, outcome="rejected", reason="1.005 is rounded down"
    ),
    "check.started.v1": CheckStarted(step="implement", attempt=1, index=0, command="make test"),
    "check.completed.v1": CheckCompleted(
        step="implement",
        attempt=1,
        index=0,
        passed=False,
        exit_code=2,
        output="1 failed, 3 passed in 0.12s\n",
        duration_ms=412,
    ),
    "change.landed.v1": ChangeLanded(
        branch="callboard/pay-1-1-refund", url="https://forge.example/pulls/7"
    ),
    "change.committed.v1": ChangeCommitted(
        branch="callboard/make-the-test-pass-n3k6tr",
        commit="1f8ac10f23c5b5bc1167bda84b833e5c057a77d2",
    ),
}
