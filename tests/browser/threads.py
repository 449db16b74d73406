"""Threads made by hand for the browser: any number of events, appended as a driver does."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.events.codec import GENESIS, Recorded, seal
from callboard.domain.events.conversation import MessageAdded
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallStarted
from callboard.domain.events.run import AgentSubject, RunCompleted, RunCreated
from callboard.domain.events.tool_call import CallRequest, ToolCallCompleted, ToolCallStarted
from callboard.domain.message import Message, TextPart, ToolCallPart, user_message
from callboard.domain.output import LastMessage
from callboard.domain.thread_mark import mark_of
from callboard.domain.tool import ToolFacts, error_outputs, json_outputs
from callboard.domain.usage import Usage
from callboard.engine.projection import first_row, project
from callboard.ports.event_store import Batch

ANN = Actor(kind="person", name="ann")
LOOKS = ToolFacts(access="read", retry_safety="pure")
MARA = AgentDefinition(
    id="mara", display_name="Mara", model="scripted/mara", tool_names=("read_files",)
)


class Writing:
    """A run that somebody writes down by hand. Everything goes through the store, as in a real one."""

    def __init__(self, app, run_id="r1", *, limit_usd=None, agent=MARA):
        self.app, self.run_id = app, run_id
        self.seq, self.hash, self.turn = 0, GENESIS, 0
        self.at = app.ports.clock.now() - timedelta(hours=1)
        self.made = []
        subject = AgentSubject(
            definition=agent, model=agent.model, prompt="Move the lease renewal."
        )
        limits = Limits(cost_usd=None if limit_usd is None else Decimal(limit_usd))
        self.created = RunCreated(subject=subject, actor=ANN, workspace="/work", limits=limits)

    async def begin(self):
        recorded = self._recorded(self.created)
        sealed, _ = seal(recorded, GENESIS)
        self.hash = sealed.hash
        self.row = first_row(recorded, self.created)
        self.claim = await self.app.ports.store.create([sealed], self.row)
        return self

    def _recorded(self, event):
        self.seq += 1
        self.at += timedelta(milliseconds=700)
        return Recorded(self.run_id, self.seq, self.at, event)

    def say(self, text, *calls, tool="read_files", cost="0.01"):
        self.turn += 1
        parts = [TextPart(text=text)] if text else []
        parts += [
            ToolCallPart(call_id=one, tool=tool, arguments=arguments) for one, arguments in calls
        ]
        requests = tuple(CallRequest(call_id=one, tool=tool, facts=LOOKS) for one, _ in calls)
        self.made += [
            ModelCallStarted(turn=self.turn, attempt=1, model="m"),
            ModelCallCompleted(
                turn=self.turn,
                attempt=1,
                message=Message(role="assistant", parts=tuple(parts)),
                finish="tool_calls" if calls else "stop",
                usage=Usage(input_tokens=900, output_tokens=40),
                cost_usd=Decimal(cost),
                requests=requests,
                duration_ms=400,
            ),
        ]

    def call(self, call_id, path, *, tool="read_files", fails=False, value=None):
        """One whole call, with an answer that asks for it and says nothing."""
        arguments = {"command": path} if tool == "run_terminal_command" else {"paths": [path]}
        self.say("", (call_id, arguments), tool=tool)
        output = (
            error_outputs("no such file")
            if fails
            else json_outputs(value or {"content": f"# {path}"})
        )
        self.made += [
            ToolCallStarted(turn=self.turn, call_id=call_id, tool=tool, epoch=1),
            ToolCallCompleted(
                turn=self.turn,
                call_id=call_id,
                tool=tool,
                output=output,
                is_error=fails,
                duration_ms=120,
            ),
        ]

    def change(self, path, diff=""):
        change = FileChange(path=path, status="modified", added=4, removed=1)
        trees = ("a" * 40, "b" * 40)
        self.made.append(
            FilesChanged(
                turn=self.turn, base_tree=trees[0], tree=trees[1], changes=(change,), diff=diff
            )
        )

    def steer(self, text):
        said = user_message(f"<user_message>{text}</user_message>", "USER_PROMPT")
        self.made.append(MessageAdded(message=said))

    def end(self, text="All done."):
        self.made.append(
            RunCompleted(
                output=LastMessage(value=text, text=text), cost_usd=Decimal(1), usage=Usage()
            )
        )

    async def keep(self):
        """Append what was made."""
        recorded = [self._recorded(event) for event in self.made]
        self.last = recorded
        self.made, head, sealed, blobs = [], self.seq - len(self.made), [], []
        for entry in recorded:
            stored, blob = seal(entry, self.hash)
            sealed.append(stored)
            blobs += [] if blob is None else [blob]
            self.hash = stored.hash
        self.row = project(self.row, recorded)
        marks = tuple(map(mark_of, recorded))
        await self.app.ports.store.append(
            Batch(
                self.run_id,
                self.claim.epoch,
                head,
                tuple(sealed),
                self.row,
                tuple(blobs),
                (),
                marks,
            )
        )
        return self.seq

    async def shown(self, app):
        """Tell those who watch in this process, as a driver does that appends here."""
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        app.ports.live.submitted(done, self.last, [seal(one, GENESIS)[0] for one in self.last])


def writing(site, run_id="r1", **more):
    """Return a run of a site that is written by hand."""

    async def begun(app):
        return await Writing(app, run_id, **more).begin()

    return site.do(begun)


def keep(site, thread):
    """Append what was made of a thread."""
    return site.do(lambda app: thread.keep())


def long_thread(site, events, run_id="long"):
    """Return a thread of so many events: calls of several tools, messages, changes, failures."""
    thread = writing(site, run_id, limit_usd="40")
    number = 0
    while thread.seq + len(thread.made) < events - 8:
        number += 1
        if number % 12 == 0:
            thread.say(
                f"Message {number}: the change stays *small*.\n\n```python\nasync def claim(self): ...\n```"
            )
        elif number % 9 == 0:
            thread.change(f"src/app/file{number % 5}.py")
        elif number % 31 == 0:
            thread.call(f"c{number}", "pytest -q", tool="run_terminal_command", fails=True)
        else:
            thread.call(
                f"c{number}",
                f"src/app/file{number % 7}.py",
                tool=["read_files", "code_search"][number % 5 == 0],
            )
        if len(thread.made) > 900:
            keep(site, thread)
    keep(site, thread)
    return thread
