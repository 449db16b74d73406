"""Three scripted runs that are crashed everywhere: tools, sub-agents, a workflow with a rejection."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.workflow import (
    AgentStep,
    CommandCheck,
    Task,
    VerdictRule,
    WorkflowDefinition,
)
from callboard.runtime.children import Ended
from callboard.testing.model import Match, Rule, Script, ScriptedCall, Turn
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


def call(tool: str, **arguments: object) -> ScriptedCall:
    return ScriptedCall.model_validate({"tool": tool, "arguments": arguments})


def agent(id_: str, *tools: str, **fields: object) -> AgentDefinition:
    return AgentDefinition.model_validate(
        {"id": id_, "display_name": id_.title(), "model": f"scripted/{id_}", "tool_names": tools}
        | fields
    )


def run_agent(id_: str) -> Callable[[App], Awaitable[Ended]]:
    return lambda app: start_run(app, ANN, StartRun(RUN, id_, "/work", "begin"))


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
        app, ANN, StartTask(RUN, Task(title="Make a page"), WORKFLOW, "/repository")
    ),
)

STORIES = (TOOLS, CHILDREN, TASK)
