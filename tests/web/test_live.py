"""The hub and its topics: everything is told, once, in order, to whoever may hear it."""

import asyncio
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.events.model_call import ModelCallStarted
from callboard.domain.org.principal import Principal, as_owner
from callboard.engine.thread.row import Folded, Row
from callboard.ports.model import TextDelta
from callboard.ports.threads import Arrivals, WindowWanted
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.testing.store.samples import SampleLog
from callboard.testing.store.threads import ThreadLog
from callboard.usecases.app import App
from callboard.usecases.threads import thread_part
from callboard.web.live.hub import Hub, Pace
from callboard.web.live.runs import RunsTopic, runs_position
from callboard.web.live.threads import ThreadTopic
from callboard.web.live.topic import LATEST, Batch
from callboard.web.live.viewer import Viewer
from callboard.web.thread_rows import show_row

pytestmark = pytest.mark.anyio
ANN = as_owner(Actor(kind="person", name="ann"))
STRANGER = Principal(Actor(kind="person", name="zoe"), role="member")
NOBODY = Principal(Actor(kind="person", name="max"))
SOON = 60


def shown(row: Row) -> str:
    """Return a row as a text that tells all that may change about it."""
    members = [one.key for one in row.body.calls] if isinstance(row.body, Folded) else [row.key]
    return json.dumps([row.key, members, row.touched, type(row.body).__name__])


def an_app() -> App:
    return rig(ScriptedProvider({}))


async def a_thread(app: App) -> ThreadLog:
    log = ThreadLog("r1")
    await SampleLog.created_in(log, app.ports.store)
    return log


class Tab:
    """A tab: rows by key, as scripts put them."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.seq = 0
        self.reset = False

    async def load(self, app: App) -> None:
        """Open the page."""
        part = await thread_part(app, ANN, WindowWanted("r1", limit=10_000))
        self.rows = {row.key: shown(row) for row in part.rows}
        self.seq = part.window.head

    def take(self, batch: Batch | None) -> None:
        if batch is None:
            return
        self.reset = self.reset or batch.reset
        self.seq = max(self.seq, batch.seq)
        for op in batch.ops:
            key, text = op.get("k", ""), op.get("h")
            if op.get("x"):
                self.rows.pop(key, None)
            elif text is not None:
                self.rows[key] = text

    def expanded(self) -> set[str]:
        """Return the keys of all rows, those within folds too."""
        return {key for text in self.rows.values() for key in json.loads(text)[1]}


def act(log: ThreadLog, what: str, number: int) -> None:
    call = f"c{number}"
    match what:
        case "say":
            log.say(f"Message {number}")
        case "call":
            log.say("", call)
            log.begin(call)
            log.end(call)
        case "fail":
            log.say("", call)
            log.begin(call)
            log.end(call, fails=True)
        case "open":
            log.say("", call)
            log.begin(call)
        case "comment":
            log.comment("Go on")
        case _:
            log.change("a.py")


ACTS = st.lists(
    st.sampled_from(["say", "call", "call", "call", "fail", "open", "comment", "change"]),
    max_size=25,
)


@given(
    ACTS, st.lists(st.integers(1, 6), min_size=1, max_size=10), st.integers(0, 12), st.booleans()
)
def test_whenever_a_tab_comes_or_goes_it_ends_up_with_every_row_once(
    acts, sizes, leaves_after, restarts
):
    async def story() -> None:
        app = an_app()
        log = await a_thread(app)
        tab, topic = Tab(), ThreadTopic("r1", shown)
        await tab.load(app)
        await topic.begin(app)
        left, steps = list(enumerate(acts)), 0
        while left:
            size = sizes[steps % len(sizes)]
            for number, what in left[:size]:
                act(log, what, number)
            left, steps = left[size:], steps + 1
            await log.kept_in(app.ports.store)
            if steps == leaves_after and restarts:  # another process takes over
                topic = ThreadTopic("r1", shown)
                await topic.begin(app)
                tab.take(await topic.since(app, tab.seq))
            elif steps != leaves_after:
                tab.take(await topic.advance(app))
            else:  # the tab is away for one batch, and comes back with its cursor
                await topic.advance(app)
                tab.take(await topic.since(app, tab.seq))
        whole = Tab()
        await whole.load(app)
        assert tab.expanded() == whole.expanded()
        if not restarts:
            assert tab.rows == whole.rows
        assert not tab.reset

    asyncio.run(story())


async def test_a_tab_that_was_away_for_too_long_reads_its_page_anew() -> None:
    app = an_app()
    log = await a_thread(app)
    cursor = log.seq
    for number in range(LATEST // 3 + 10):
        act(log, "call", number)
    await log.kept_in(app.ports.store)
    topic = ThreadTopic("r1", shown)
    await topic.begin(app)
    found = await topic.since(app, cursor)
    assert found is not None
    assert found.reset


async def test_more_than_can_be_told_at_once_is_a_reset_too() -> None:
    app = an_app()
    log = await a_thread(app)
    topic = ThreadTopic("r1", shown)
    await topic.begin(app)
    for number in range(LATEST // 3 + 10):
        act(log, "call", number)
    await log.kept_in(app.ports.store)
    found = await topic.advance(app)
    assert found is not None
    assert found.reset
    assert found.seq == (await app.threads.arrived(None)).head
    assert await topic.advance(app) is None


async def test_rows_of_long_ago_are_forgotten_and_still_completed() -> None:
    app = an_app()
    log = await a_thread(app)
    log.say("", "long")
    log.begin("long")
    await log.kept_in(app.ports.store)
    topic, tab = ThreadTopic("r1", shown), Tab()
    await topic.begin(app)
    await tab.load(app)
    running = next(key for key, text in tab.rows.items() if json.loads(text)[3] == "Called")
    turn = log.turn
    for batch in range(20):
        for number in range(40):
            log.comment(f"{batch} {number}")
        await log.kept_in(app.ports.store)
        tab.take(await topic.advance(app))
    log.turn = turn
    log.end("long")
    await log.kept_in(app.ports.store)
    before = tab.rows[running]
    tab.take(await topic.advance(app))
    assert tab.rows[running] != before
    assert not tab.reset


async def test_words_are_streamed_and_gone_when_the_answer_is_whole() -> None:
    app = an_app()
    log = await a_thread(app)
    topic, tab = ThreadTopic("r1", show_row), Tab()
    await topic.begin(app)
    topic.streamed("r1", TextDelta("I am "))
    topic.streamed("other", TextDelta("not here"))
    tab.take(await topic.advance(app))
    topic.streamed("r1", TextDelta("about to"))
    batch = await topic.advance(app)
    assert batch is not None
    assert batch.ops == [{"k": "live-r1", "d": "about to"}]
    late = await topic.since(app, tab.seq)
    assert late is not None
    assert "I am about to" in late.ops[0].get("h", "")
    from callboard.domain.events.codec import Recorded  # noqa: PLC0415

    topic.heard(Recorded("r1", 9, log.created_at, ModelCallStarted(turn=2, attempt=1, model="m")))
    log.say("I am about to begin.")
    await log.kept_in(app.ports.store)
    over = await topic.advance(app)
    assert over is not None
    assert over.ops[0] == {"k": "live-r1", "x": 1}
    assert "about to begin" in over.ops[-1].get("h", "")


async def heard(viewer: Viewer) -> dict[str, object]:
    said = await viewer.next(SOON)
    assert said is not None
    return json.loads(said)


def thread_of(show: Callable[[Row], str] = shown) -> Callable[[], ThreadTopic]:
    return lambda: ThreadTopic("r1", show)


async def test_a_change_is_rendered_once_for_all_who_watch() -> None:
    app = an_app()
    log = await a_thread(app)
    rendered: list[str] = []

    def counted(row: Row) -> str:
        rendered.append(row.key)
        return shown(row)

    hub = Hub(app, Pace(batch_s=0, look_s=0.01))
    async with hub.viewing() as one, hub.viewing() as other:
        for viewer in (one, other):
            await hub.join(viewer, "thread:r1", "thread:r1", thread_of(counted), log.seq)
            assert (await heard(viewer))["ops"] == []
        log.comment("Seen by both")
        await log.kept_in(app.ports.store)
        assert await heard(one) == await heard(other)
        assert len(rendered) == 1
    await hub.close()


async def test_who_joins_late_is_told_what_they_lack_before_anything_else() -> None:
    app = an_app()
    log = await a_thread(app)
    cursor = (await app.threads.arrived(None)).head
    for text in ("one", "two"):
        log.comment(text)
    await log.kept_in(app.ports.store)
    hub = Hub(app, Pace(batch_s=0, look_s=0.01))
    async with hub.viewing() as viewer:
        await hub.join(viewer, "thread:r1", "thread:r1", thread_of(), cursor)
        first = await heard(viewer)
        assert len(first["ops"]) == 2  # pyright: ignore[reportArgumentType]
        log.comment("three")
        await log.kept_in(app.ports.store)
        second = await heard(viewer)
        assert len(second["ops"]) == 1  # pyright: ignore[reportArgumentType]
    await hub.close()


async def test_nobody_watching_means_nobody_looks() -> None:
    app = an_app()
    log = await a_thread(app)
    hub = Hub(app, Pace(batch_s=0, look_s=0.01))
    async with hub.viewing() as viewer:
        await hub.join(viewer, "thread:r1", "thread:r1", thread_of(), log.seq)
        assert hub.viewers == 1
    async with asyncio.timeout(SOON):
        while hub.is_looking:  # noqa: ASYNC110 - bounded by the time above
            await asyncio.sleep(0)
    await hub.close()


async def test_a_tab_that_does_not_keep_up_is_let_go_and_keeps_nothing_waiting() -> None:
    viewer = Viewer(most=3)
    for number in range(5):
        viewer.tell(str(number))
    assert viewer.is_slow
    assert await viewer.next(0.01) is None
    viewer.tell("more")
    assert await viewer.next(0.01) is None


async def test_a_server_that_stops_says_goodbye() -> None:
    app = an_app()
    hub = Hub(app, Pace(batch_s=0, look_s=0.01))
    async with hub.viewing() as viewer:
        await hub.close()
        assert await heard(viewer) == {"bye": "restart"}
        assert viewer.is_over


async def test_who_may_not_see_a_run_may_not_watch_it() -> None:
    app = an_app()
    await a_thread(app)
    topic = ThreadTopic("r1", shown)
    assert await topic.may(app, ANN)
    assert not await topic.may(app, STRANGER)
    assert not await ThreadTopic("no", shown).may(app, ANN)


async def test_a_list_of_runs_is_told_that_something_happened_and_not_what() -> None:
    app = an_app()
    topic = RunsTopic()
    await topic.begin(app)
    at = await runs_position(app)
    assert await topic.since(app, at) is None
    await a_thread(app)
    told = await topic.advance(app)
    assert told is not None
    assert [(op.get("k"), op.get("h")) for op in told.ops] == [("runs", None)]
    assert await topic.advance(app) is None
    assert await topic.since(app, at) == told
    assert await topic.since(app, told.seq) is None
    assert await topic.may(app, ANN)
    assert not await topic.may(app, NOBODY)


class Slowly:
    """A topic that changes with everything that arrives; the first time that it is told, it waits."""

    every_s = 0.0

    def __init__(self, gate: asyncio.Event | None = None) -> None:
        self.gate = gate
        self.looked, self.telling = asyncio.Event(), asyncio.Event()
        self.seq = 0

    async def begin(self, app: App) -> None:
        pass

    async def may(self, app: App, who: Principal) -> bool:
        return True

    def concerns(self, arrivals: Arrivals) -> bool:
        self.looked.set()
        self.seq = max(self.seq, arrivals.head if arrivals.threads else 0)
        return bool(arrivals.threads)

    async def since(self, app: App, cursor: int) -> Batch | None:
        return None

    async def advance(self, app: App) -> Batch | None:
        if self.gate is not None and self.seq:
            self.telling.set()
            await self.gate.wait()
        return Batch(self.seq) if self.seq else None


async def soon(event: asyncio.Event) -> None:
    async with asyncio.timeout(SOON):
        await event.wait()


async def test_a_tab_that_leaves_while_another_is_told_keeps_nothing_from_a_third() -> None:
    app = an_app()
    log = await a_thread(app)
    hub, go_on = Hub(app, Pace(batch_s=0, look_s=0.01)), asyncio.Event()
    slow, third = Slowly(go_on), Slowly()
    async with hub.viewing() as first, hub.viewing() as second, hub.viewing() as last:
        await hub.join(first, "a", "a", lambda: slow, 0)
        await hub.join(second, "b", "b", Slowly, 0)
        await hub.join(last, "c", "c", lambda: third, 0)
        assert (await heard(last))["seq"] == 0
        await soon(slow.looked)
        act(log, "say", 1)
        await log.kept_in(app.ports.store)
        await soon(slow.telling)
        hub.leave(second, "b")
        go_on.set()
        assert (await heard(last))["seq"] == third.seq != 0
    await hub.close()


async def test_whoever_comes_while_the_last_one_leaves_watches_all_the_same() -> None:
    app = an_app()
    log = await a_thread(app)
    hub, go_on = Hub(app, Pace(batch_s=0, look_s=0.01)), asyncio.Event()
    slow = Slowly(go_on)
    async with hub.viewing() as first, hub.viewing() as second:
        await hub.join(first, "a", "a", lambda: slow, 0)
        await soon(slow.looked)
        act(log, "say", 1)
        await log.kept_in(app.ports.store)
        await soon(slow.telling)
        joining = asyncio.ensure_future(hub.join(second, "a", "a", Slowly, 0))
        await asyncio.sleep(0)
        hub.leave(first, "a")
        go_on.set()
        async with asyncio.timeout(SOON):
            await joining
        told = await heard(second)
        act(log, "say", 2)
        await log.kept_in(app.ports.store)
        assert (await heard(second))["seq"] == slow.seq != told["seq"]
    await hub.close()
