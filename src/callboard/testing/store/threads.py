"""What every `Threads` does. Subclass, and give the fixture `open_threads`: stores with the threads over them."""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from callboard.domain.errors import Fenced, UnknownThing
from callboard.domain.events.codec import Recorded, Sealed, seal
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.gate import GateDecided, GateOpened
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallStarted
from callboard.domain.events.tool_call import CallRequest, ToolCallCompleted, ToolCallStarted
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import CommentAdded
from callboard.domain.message import Message, TextPart, ToolCallPart
from callboard.domain.thread_mark import (
    CHANGES,
    DECISIONS,
    FAILURES,
    MESSAGES,
    ROW,
    TOOLS,
    mark_of,
)
from callboard.domain.tool import ToolFacts, json_outputs
from callboard.domain.usage import Usage
from callboard.ports.event_store import Batch, EventStore
from callboard.ports.threads import Threads, Window, WindowWanted
from callboard.testing.store.samples import ADA, NOON, SampleLog

Open = Callable[[], Awaitable[tuple[EventStore, Threads]]]
_LOOKS = ToolFacts(access="read", retry_safety="pure")


@dataclass
class ThreadLog(SampleLog):
    """A log of real events: every `say`, `call` and so on appends one more to `made`."""

    made: list[AnyEvent] = field(default_factory=list[AnyEvent])
    turn: int = 0

    def say(self, text: str, *calls: str) -> None:
        """The model answers, and asks for calls."""
        self.turn += 1
        parts = [ToolCallPart(call_id=one, tool="look", arguments={"path": one}) for one in calls]
        requests = [CallRequest(call_id=one, tool="look", facts=_LOOKS) for one in calls]
        self.made += [
            ModelCallStarted(turn=self.turn, attempt=1, model="m"),
            ModelCallCompleted(
                turn=self.turn,
                attempt=1,
                message=Message(role="assistant", parts=(TextPart(text=text), *parts)),
                finish="tool_calls" if calls else "stop",
                usage=Usage(input_tokens=1, output_tokens=1),
                cost_usd=Decimal("0.25"),
                requests=tuple(requests),
                duration_ms=900,
            ),
        ]

    def begin(self, call: str) -> None:
        """A call begins."""
        self.made.append(ToolCallStarted(turn=self.turn, call_id=call, tool="look", epoch=1))

    def end(self, call: str, *, fails: bool = False) -> None:
        """A call ends."""
        self.made.append(
            ToolCallCompleted(
                turn=self.turn,
                call_id=call,
                tool="look",
                output=json_outputs({"found": call}),
                is_error=fails,
                duration_ms=40,
            )
        )

    def change(self, path: str) -> None:
        """A file is another one now."""
        change = FileChange(path=path, status="modified", added=1, removed=0)
        self.made.append(
            FilesChanged(
                turn=self.turn, base_tree="a" * 40, tree="b" * 40, changes=(change,), diff=""
            )
        )

    def ask(self, gate_id: str) -> None:
        """A gate opens."""
        self.made.append(
            GateOpened(
                gate_id=gate_id,
                reason="approval_required",
                subject="s",
                question="May I?",
                digest="d",
            )
        )

    def decide(self, gate_id: str) -> None:
        """The gate is decided about."""
        self.made.append(GateDecided(gate_id=gate_id, verdict="approve", actor=ADA))

    def comment(self, text: str) -> None:
        """Somebody says something."""
        self.made.append(CommentAdded(actor=ADA, text=text))

    async def kept_in(self, store: EventStore) -> None:
        """Append what was made since the last time, as a driver does."""
        head, made, self.made = self.seq, self.made, []
        recorded: list[Recorded] = []
        sealed: list[Sealed] = []
        for event in made:
            entry = Recorded(self.run_id, self.seq + 1, NOON + timedelta(seconds=self.seq), event)
            stored, _ = seal(entry, self.hash)
            recorded.append(entry)
            sealed.append(stored)
            self.seq, self.hash = stored.seq, stored.hash
        marks = tuple(map(mark_of, recorded))
        await store.append(Batch(self.run_id, 1, head, tuple(sealed), self.row(), (), (), marks))


class ThreadsContract:
    """The behaviour of `callboard.ports.threads.Threads`."""

    async def test_a_window_has_the_last_events_and_says_that_there_are_older_ones(
        self, open_threads: Open
    ) -> None:
        store, threads = await open_threads()
        await SampleLog("r1").created_in(store, count=9)
        window = await threads.window(WindowWanted("r1", limit=4))
        assert _seqs(window) == [6, 7, 8, 9]
        assert (window.older, window.newer, window.head) == (True, False, window.last)

    async def test_walking_back_and_forth_sees_every_event_once(self, open_threads: Open) -> None:
        store, threads = await open_threads()
        await SampleLog("r1").created_in(store, count=11)
        seen: list[int] = []
        window = await threads.window(WindowWanted("r1", limit=3))
        while True:
            seen = [*_seqs(window), *seen]
            if not window.older:
                break
            window = await threads.window(WindowWanted("r1", before=window.first, limit=3))
            assert window.newer
        assert seen == list(range(1, 12))
        back = _seqs(window)
        while window.newer:
            window = await threads.window(WindowWanted("r1", after=window.last, limit=3))
            assert window.older
            back += _seqs(window)
        assert back == seen

    @pytest.mark.parametrize("limit", [1, 2, 5, 50])
    async def test_a_window_around_an_event_has_it(self, open_threads: Open, limit: int) -> None:
        store, threads = await open_threads()
        await SampleLog("r1").created_in(store, count=9)
        place = await threads.place_of("r1", 4)
        assert place is not None
        window = await threads.window(WindowWanted("r1", around=place, limit=limit))
        seqs = _seqs(window)
        assert 4 in seqs
        assert len(seqs) == min(limit, 9)
        assert (window.older, window.newer) == (seqs[0] > 1, seqs[-1] < 9)

    async def test_a_thread_has_what_is_below_its_run_and_nothing_else(
        self, open_threads: Open
    ) -> None:
        store, threads = await open_threads()
        for run_id, parent in (("root", None), ("a", "root"), ("b", "a"), ("c", "root")):
            log = SampleLog(run_id, root_id="root", parent_id=parent)
            await log.created_in(store, count=2)
        await SampleLog("other").created_in(store)
        whole = await threads.window(WindowWanted("root"))
        assert _runs(whole) == ["root", "root", "a", "a", "b", "b", "c", "c"]
        below = await threads.window(WindowWanted("a"))
        assert _runs(below) == ["a", "a", "b", "b"]
        assert [row.run_id for row in await threads.runs("a")] == ["a", "b"]
        assert [row.run_id for row in await threads.runs("root")] == ["a", "b", "c", "root"]
        assert (await threads.counts("a"))[ROW] == 4
        assert (await threads.counts("root"))[ROW] == 8

    async def test_filters_and_counts_agree(self, open_threads: Open) -> None:
        store, threads = await open_threads()
        log = await _worked(store)
        counts = await threads.counts("r1")
        assert counts[TOOLS] == 3
        assert counts[FAILURES] == 1
        assert counts[CHANGES] == 1
        assert counts[MESSAGES] == 4
        assert counts[DECISIONS] == 2  # the sample's own first event is one
        for facet, count in counts.items():
            window = await threads.window(WindowWanted("r1", facet=facet))
            assert len(_seqs(window)) == count
        assert log.seq == (await store.head("r1")).seq

    async def test_what_makes_one_row_comes_together_however_small_the_window_is(
        self, open_threads: Open
    ) -> None:
        store, threads = await open_threads()
        await _worked(store)
        failure = await threads.window(WindowWanted("r1", facet=FAILURES))
        kinds = [_kind(one.sealed.body) for one in failure.events]
        assert "model_call.completed" in kinds  # the arguments
        assert "tool_call.started" in kinds
        assert [_kind(one.sealed.body) for one in failure.events if one.wanted] == [
            "tool_call.completed"
        ]
        decision = await threads.window(WindowWanted("r1", facet=DECISIONS, limit=1))
        assert {"gate.opened", "gate.decided"} <= {_kind(e.sealed.body) for e in decision.events}

    async def test_what_is_said_together_is_found_where_it_was_said_although_one_is_refused(
        self, open_threads: Open
    ) -> None:
        store, threads = await open_threads()
        logs = [ThreadLog(f"r{n}") for n in range(6)]
        for log in logs:
            await log.created_in(store)
        for n, log in enumerate(logs):
            log.comment(f"from r{n}")
            log.say("looks", "c1")
            log.begin("c1")
        logs[3].seq += 1  # it goes on from what is not there
        outcomes = await asyncio.gather(
            *(log.kept_in(store) for log in logs), return_exceptions=True
        )
        assert [type(outcome) is Fenced for outcome in outcomes] == [n == 3 for n in range(6)]
        for n in (0, 1, 2, 4, 5):
            said = await threads.window(WindowWanted(f"r{n}", text=f"from r{n}"))
            assert _seqs(said) == [2]
            called = await threads.window(WindowWanted(f"r{n}", facet=TOOLS))
            assert _seqs(called) == [5]
        assert _seqs(await threads.window(WindowWanted("r3"))) == [1]

    async def test_the_last_window_has_what_is_under_way(self, open_threads: Open) -> None:
        store, threads = await open_threads()
        log = await _worked(store)
        log.made.append(ModelCallStarted(turn=9, attempt=1, model="m"))
        await log.kept_in(store)
        window = await threads.window(WindowWanted("r1", limit=2))
        assert window.events[-1].sealed.seq == log.seq
        assert not window.events[-1].wanted

    async def test_finds_a_text_whatever_its_case(self, open_threads: Open) -> None:
        store, threads = await open_threads()
        log = SampleLog("r1")
        await log.created_in(store)
        thread = ThreadLog("r1", seq=log.seq, hash=log.hash)
        for text in ('Größe "M" fits', "nothing", "it FITS too"):
            thread.comment(text)
        await thread.kept_in(store)
        found = await threads.window(WindowWanted("r1", text="Fits"))
        assert _seqs(found) == [2, 4]
        quoted = await threads.window(WindowWanted("r1", text='Größe "m"'))
        assert _seqs(quoted) == [2]
        assert _seqs(await threads.window(WindowWanted("r1", text="%"))) == []

    async def test_spans_tell_time_and_money(self, open_threads: Open) -> None:
        store, threads = await open_threads()
        await _worked(store)
        spans = await threads.spans("r1")
        assert sum(span.nano_usd for span in spans) == 2 * 250_000_000
        assert sorted(span.took_ms for span in spans if span.took_ms) == [40, 40, 40, 900, 900]
        assert [span.position for span in spans] == sorted(span.position for span in spans)

    async def test_what_arrived_is_told_by_thread(self, open_threads: Open) -> None:
        store, threads = await open_threads()
        nothing = await threads.arrived(0)
        assert not nothing.threads
        log = SampleLog("root")
        claim = await log.created_in(store)
        await SampleLog("child", root_id="root", parent_id="root").created_in(store)
        await SampleLog("other").created_in(store)
        first = await threads.arrived(0)
        assert set(first.threads) == {"root", "other"}
        assert (await threads.arrived(None)).head == first.head
        assert first.head == max(first.threads.values())
        await store.append(log.batch(claim.epoch))
        later = await threads.arrived(first.head)
        assert set(later.threads) == {"root"}
        assert (await threads.arrived(later.head)).head == later.head

    async def test_what_came_since_is_told_with_what_it_belongs_to(
        self, open_threads: Open
    ) -> None:
        store, threads = await open_threads()
        log = ThreadLog("r1")
        await SampleLog.created_in(log, store)
        log.say("looking", "c1")
        log.begin("c1")
        await log.kept_in(store)
        seen = (await threads.window(WindowWanted("r1"))).head
        assert (await threads.since("r1", seen)).events == ()
        log.end("c1")
        await log.kept_in(store)
        window = await threads.since("r1", seen)
        assert [_kind(one.sealed.body) for one in window.events if one.wanted] == [
            "tool_call.completed"
        ]
        assert [_kind(one.sealed.body) for one in window.events if not one.wanted] == [
            "model_call.completed",
            "tool_call.started",
        ]
        everything = await threads.since("r1", 0, limit=2)
        assert everything.newer
        assert len([one for one in everything.events if one.wanted]) == 2

    async def test_an_unknown_run_is_called_one(self, open_threads: Open) -> None:
        _, threads = await open_threads()
        for asked in (threads.window(WindowWanted("no")), threads.counts("no")):
            with pytest.raises(UnknownThing, match="no"):
                await asked
        with pytest.raises(UnknownThing):
            await threads.spans("no")
        with pytest.raises(UnknownThing):
            await threads.runs("no")
        with pytest.raises(UnknownThing):
            await threads.since("no", 0)
        assert await threads.place_of("no", 1) is None


async def _worked(store: EventStore) -> ThreadLog:
    """Return a log of two turns: three calls, one of which fails, a change, a gate and a comment."""
    log = ThreadLog("r1")
    await SampleLog.created_in(log, store)
    log.say("first", "c1", "c2")
    for call in ("c1", "c2"):
        log.begin(call)
    log.end("c2", fails=True)
    log.end("c1")
    log.comment("go on")
    log.say("second", "c3")
    log.ask("g1")
    log.decide("g1")
    log.begin("c3")
    log.end("c3")
    log.change("a.py")
    log.comment("thanks")
    await log.kept_in(store)
    return log


def _seqs(window: Window) -> list[int]:
    return [one.sealed.seq for one in window.events if one.wanted]


def _runs(window: Window) -> Sequence[str]:
    return [one.sealed.run_id for one in window.events]


def _kind(body: bytes) -> str:
    return body.split(b'"type":"')[1].split(b'"')[0].decode()
