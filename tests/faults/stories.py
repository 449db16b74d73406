"""Scripted runs that are crashed everywhere: tools, sub-agents, a workflow with a rejection, a program, and a
model that goes away.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.evidence import CommandCheck
from callboard.domain.org.principal import as_owner
from callboard.domain.workflow import (
    AgentStep,
    Task,
    VerdictRule,
    WorkflowDefinition,
)
from callboard.runtime.children import Ended
from callboard.testing.model import Match, Rule, Script, ScriptedCall, ScriptedError, Turn
from callboard.testing.rig import ANN
from callboard.usecases.app import App
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.start_task import StartTask, start_task

RUN = "story"


@dataclass(frozen=True)
class Story:
    name: str
    agents: tuple[AgentDefinition, ...]
    scripts: dict[str, Script]
    begin: Callable[[App], Awaitable[Ended]]
    chains: dict[str, tuple[ModelChoice, ...]] = field(
        default_factory=dict[str, tuple[ModelChoice, ...]]
    )


def call(tool: str, **arguments: object) -> ScriptedCall:
    return ScriptedCall.model_validate({"tool": tool, "arguments": arguments})


def agent(id_: str, *tools: str, **fields: object) -> AgentDefinition:
    return AgentDefinition.model_validate(
        {"id": id_, "display_name": id_.title(), "model": f"scripted/{id_}", "tool_names": tools}
        | fields
    )


def run_agent(id_: str) -> Callable[[App], Awaitable[Ended]]:
    return lambda app: start_run(app, as_owner(ANN), StartRun(RUN, id_, "/work", "begin"))


TOOLS = Story(
    "tools",
    (agent("clerk", "look", "put", "pay", "set_output", output_mode="structured_output"),),
    {
        "clerk": Script(
            turns=(
                Turn(calls=(call("look", path="a"), call("look", path="b"))),
                Turn(text="paying", calls=(call("pay", path="bill", text="$"), call("nonsense"))),
                Turn(calls=(call("put", path="a", text="A"), call("pay", path="tip", text="$"))),
                Turn(calls=(call("set_output", data={"paid": True}),)),
            )
        )
    },
    run_agent("clerk"),
)

CHILDREN = Story(
    "children",
    (
        agent("lead", "spawn_agents", "put", spawnable_agents=("left", "right")),
        agent("left", "pay"),
        agent("right", "put"),
    ),
    {
        "lead": Script(
            turns=(
                Turn(
                    calls=(
                        call(
                            "spawn_agents",
                            agents=[
                                {"agent_type": "left", "prompt": "l"},
                                {"agent_type": "right", "prompt": "r"},
                                {"agent_type": "stranger"},
                            ],
                        ),
                    )
                ),
                Turn(calls=(call("put", path="lead", text="L"),)),
                Turn(text="all done"),
            )
        ),
        "left": Script(turns=(Turn(calls=(call("pay", path="left", text="$"),)), Turn(text="l"))),
        "right": Script(turns=(Turn(calls=(call("put", path="right", text="R"),)), Turn(text="r"))),
    },
    run_agent("lead"),
)

WORKFLOW = WorkflowDefinition(
    id="two-steps",
    title="Two steps",
    steps=(
        AgentStep(
            id="make",
            title="Make",
            agent="maker",
            checks=(CommandCheck(command="grep right page"),),
        ),
        AgentStep(
            id="review",
            title="Review",
            agent="critic",
            verdict=VerdictRule(),
            on_reject="make",
        ),
    ),
)


def _attempt(number: int, text: str) -> list[Rule]:
    conversation = f"make-{number}$"
    return [
        Rule(when=Match(conversation=conversation, tool_result="."), turn=Turn(text="made")),
        Rule(
            when=Match(conversation=conversation),
            turn=Turn(calls=(call("put", path="page", text=text),)),
        ),
    ]


def _review(number: int, verdict: str) -> Rule:
    turn = Turn(calls=(call("set_output", verdict=verdict, reason="be nice"),))
    return Rule(when=Match(conversation=f"review-{number}$"), turn=turn)


TASK = Story(
    "task",
    (agent("maker", "put"), agent("critic", "set_output", output_mode="structured_output")),
    {
        "maker": Script(
            rules=(*_attempt(1, "wrong"), *_attempt(2, "right"), *_attempt(3, "right and nice"))
        ),
        "critic": Script(rules=(_review(1, "reject"), _review(2, "approve"))),
    },
    lambda app: start_task(
        app, as_owner(ANN), StartTask(RUN, Task(title="Make a page"), WORKFLOW, "/repository")
    ),
)

_STEPS = """
def handle_steps(ctx):
    seen = yield {"toolName": "look", "input": {"path": "a"}}
    yield {"toolName": "pay", "input": {"path": "bill", "text": "$"}, "includeToolCall": False}
    step = yield "STEP"
    said = len(step["agentState"]["messageHistory"])
    drafts = yield {"type": "GENERATE_N", "n": 1}
    yield {"type": "STEP_TEXT", "text": "So:\\n<callboard_tool_call>"
           '{"tool_name": "put", "path": "a", "text": "' + drafts["nResponses"][0] + '"}'
           "</callboard_tool_call>"}
    yield {"toolName": "spawn_agent_inline", "input": {"agent_type": "trimmer"}}
    got = yield {"toolName": "spawn_agents", "input": {"agents": [{"agent_type": "helper"}]}}
    last = yield "STEP_ALL"
    yield {"toolName": "set_output", "input": {"data": {
        "seen": seen["toolResult"], "said": said, "complete": last["stepsComplete"],
        "helped": got["toolResult"][0]["value"][0]["value"],
    }}}
"""
_TRIM = """
def handle_steps(ctx):
    kept = ctx["agentState"]["messageHistory"][:2]
    yield {"toolName": "set_messages", "input": {"messages": kept}, "includeToolCall": False}
"""

PROGRAM = Story(
    "program",
    (
        agent(
            "boss",
            *("look", "put", "pay", "spawn_agents"),
            spawnable_agents=("trimmer", "helper"),
            output_mode="structured_output",
            handle_steps=_STEPS,
        ),
        agent("trimmer", handle_steps=_TRIM),
        agent("helper", "pay"),
    ),
    {
        "boss": Script(
            rules=(
                Rule(when=Match(tool_result="errorMessage|helper"), turn=Turn(text="all done")),
                Rule(when=Match(), turn=Turn(text="draft")),
            )
        ),
        "helper": Script(
            turns=(Turn(calls=(call("pay", path="help", text="$"),)), Turn(text="helped"))
        ),
    },
    run_agent("boss"),
)

_DOWN = Turn(error=ScriptedError(reason="overloaded", times=5))
_NEVER = Turn(text="never")
_AWAY = Turn(error=ScriptedError(reason="not_found", retryable=False))

CHAIN = Story(
    "chain",
    (agent("relay", "pay", model="chain/relay"),),
    {
        "first": Script(turns=(Turn(calls=(call("pay", path="bill", text="$"),)), _DOWN, _NEVER)),
        "second": Script(turns=(_NEVER, _AWAY, _NEVER)),
        "third": Script(turns=(_NEVER, Turn(text="all done"))),
    },
    run_agent("relay"),
    {"relay": tuple(ModelChoice(model=f"scripted/{n}") for n in ("first", "second", "third"))},
)

GRAPH = WorkflowDefinition.model_validate(
    {
        "id": "graph",
        "title": "Graph",
        "steps": [
            {"kind": "agent", "id": "plan", "title": "Plan", "skills": ["planning"]},
            {
                "kind": "agent",
                "id": "make",
                "title": "Make",
                "skills": ["coding"],
                "checks": [
                    {"kind": "diff", "only": ["page"]},
                    {"kind": "command", "command": "grep right page"},
                ],
            },
            {
                "kind": "agent",
                "id": "docs",
                "title": "Docs",
                "agent": "maker",
                "needs": ["make"],
                "when": {"paths": ["docs/**"]},
            },
            {
                "kind": "agent",
                "id": "review",
                "title": "Review",
                "skills": ["coding"],
                "needs": ["make", "docs"],
                "verdict": {},
                "separate": ["agent"],
                "on_reject": "make",
            },
        ],
    }
)

ROUTED = Story(
    "routed",
    (
        agent("planner", skills=("planning",)),
        agent("maker", "put", skills=("coding",)),
        agent("other", "set_output", skills=("coding",), output_mode="structured_output"),
    ),
    {
        "planner": Script(turns=(Turn(text="put a page"),)),
        "maker": Script(
            rules=(*_attempt(1, "wrong"), *_attempt(2, "right"), *_attempt(3, "right and nice"))
        ),
        "other": Script(rules=(_review(1, "reject"), _review(2, "approve"))),
    },
    lambda app: start_task(
        app,
        as_owner(ANN),
        StartTask(RUN, Task(title="Make a page"), GRAPH, "/repository", pinned=False),
    ),
)

STORIES = (TOOLS, CHILDREN, TASK, ROUTED, PROGRAM, CHAIN)
