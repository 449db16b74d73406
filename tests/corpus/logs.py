"""Two whole runs in a world in memory, with a clock that always ticks alike: the same log every time."""

from callboard.domain.events.codec import Sealed
from callboard.domain.evidence import CommandCheck
from callboard.domain.org.principal import as_owner
from callboard.domain.usage import usd
from callboard.domain.workflow import (
    AgentStep,
    PeopleStep,
    Task,
    VerdictRule,
    WorkflowDefinition,
)
from callboard.testing.model import Match, Rule, Script, ScriptedError, ScriptedProvider, Turn
from callboard.testing.rig import ANN, rig
from callboard.testing.world import World
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.runs import show_run
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.start_task import StartTask, start_task
from tests.runtime.script import agent, call

AGENT, TASK = "corpus-agent", "corpus-task"


async def agent_log() -> list[Sealed]:
    """A run with a failed attempt, reads, a refused call, two children, an approval and an output."""
    script = Script(
        turns=(
            Turn(error=ScriptedError(reason="overloaded")),
            Turn(text="Looking.", calls=(call("look", path="a"), call("look", path="b"))),
            Turn(calls=(call("pay", path="bill", text="$"), call("nonsense", really=True))),
            Turn(
                calls=(
                    call(
                        "spawn_agents",
                        agents=[{"agent_type": "helper", "prompt": "h"}, {"agent_type": "other"}],
                    ),
                )
            ),
            Turn(calls=(call("set_output", data={"paid": True, "price": 12.5}),)),
        )
    )
    lead = agent(
        "lead",
        *("look", "pay", "spawn_agents", "set_output"),
        output_mode="structured_output",
        spawnable_agents=("helper",),
        permissions=({"effect": "ask", "tool": "pay"},),
        system_prompt="You are {CALLBOARD_AGENT_NAME}.",
        instructions_prompt="Pay the bill.",
    )
    provider = ScriptedProvider(
        {
            "lead": script,
            "helper": Script(turns=(Turn(text="helped", cost_usd=usd("0.000000123")),)),
        }
    )
    app = rig(provider, lead, agent("helper"), world=World({"a": "1", "b": "2"}))
    await start_run(
        app, as_owner(ANN), StartRun(AGENT, "lead", "/work", "begin", params={"urgent": True})
    )
    return await _decided(app, AGENT)


async def task_log() -> list[Sealed]:
    """A task with a check that fails, a reviewer who rejects once, and a person who signs off."""
    workflow = WorkflowDefinition(
        id="make-review-sign",
        title="Make, review, sign",
        steps=(
            AgentStep(
                id="make",
                title="Make",
                agent="maker",
                checks=(CommandCheck(command="grep right page"),),
            ),
            AgentStep(
                id="review", title="Review", agent="critic", verdict=VerdictRule(), on_reject="make"
            ),
            PeopleStep(id="sign", title="Sign", on_reject="make"),
        ),
    )
    texts = ("wrong", "right", "right and nice")
    maker = Script(rules=tuple(rule for n, text in enumerate(texts, 1) for rule in _make(n, text)))
    critic = Script(rules=(_review(1, "reject"), _review(2, "approve")))
    app = rig(
        ScriptedProvider({"maker": maker, "critic": critic}),
        agent("maker", "put"),
        agent("critic", "set_output", output_mode="structured_output"),
    )
    task = StartTask(TASK, Task(title="Make a page"), workflow, "/repository")
    await start_task(app, as_owner(ANN), task)
    return await _decided(app, TASK)


def _make(number: int, text: str) -> tuple[Rule, Rule]:
    conversation = f"make-{number}$"
    return (
        Rule(when=Match(conversation=conversation, tool_result="."), turn=Turn(text="made")),
        Rule(
            when=Match(conversation=conversation),
            turn=Turn(calls=(call("put", path="page", text=text),)),
        ),
    )


def _review(number: int, verdict: str) -> Rule:
    turn = Turn(calls=(call("set_output", verdict=verdict, reason="be nice"),))
    return Rule(when=Match(conversation=f"review-{number}$"), turn=turn)


async def _decided(app: App, run_id: str) -> list[Sealed]:
    gate = await open_gate(app, as_owner(ANN), run_id)
    await decide_gate(
        app,
        as_owner(ANN),
        gate.row.run_id,
        Decision("approve", note="fine"),
        digest=gate.gate.digest,
    )
    sealed = (await show_run(app, as_owner(ANN), run_id)).sealed
    await app.close()
    return sealed
