"""Dispatch between processes through jobs in PostgreSQL, on Procrastinate: each job is a hint, taken once and deleted.

The jobs stand in a schema of their own beside the log. Whoever has a place free takes the next one and deletes it before
the run is driven: a worker that dies leaves no job behind that anybody had to clear away, and a run is found again by
whoever looks for work.
"""

import asyncio
import contextlib
import logging
from datetime import datetime
from typing import Any, Final

import procrastinate
from procrastinate import exceptions
from procrastinate.jobs import Job, Notification, Status
from psycopg import Error as DatabaseError

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.submission import RANK, Submission
from callboard.ports.clock import Clock
from callboard.ports.dispatcher import Advance, Look
from callboard.stores.dispatch.calls import Calls, Looks
from callboard.stores.dispatch.jobs_schema import SCHEMA, prepare_jobs

_log = logging.getLogger(__name__)
_FAILURES: Final = (exceptions.ProcrastinateException, DatabaseError, OSError)
_QUEUE: Final = "runs"
_TASK: Final = "advance"
_LOOK: Final = "look"
_POLL_S: Final = 0.5
_BEAT_S: Final = 10.0
_DEAD_S: Final = 60.0
_PATIENCE_S: Final = 5.0
_SESSION: Final = "-c idle_in_transaction_session_timeout=10s -c synchronous_commit=off"
"""A process that froze in the middle of a transaction keeps nobody waiting for longer. Hints may be lost, so nobody waits until
they are on the disk either.
"""

_AHEAD: Final = """
SELECT count(*) AS ahead FROM (
    SELECT 1 FROM procrastinate_jobs
    WHERE status = 'todo' AND args->>'space' = %(space)s AND (args->>'rank')::int <= %(rank)s
    LIMIT 1000
) AS same_space
"""


class ProcrastinateDispatcher:
    """`callboard.ports.dispatcher.Dispatcher` among all processes that share a PostgreSQL database. A hint that cannot be
    stored within `patience_s` seconds is lost.
    """

    def __init__(self, url: str, clock: Clock, *, patience_s: float = _PATIENCE_S) -> None:
        self._url = url
        self._patience_s = patience_s
        self._clock = clock
        self._app: procrastinate.App | None = None
        self._opening = asyncio.Lock()
        self._calls: Calls | None = None
        self._looks: Looks | None = None
        self._serving: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._stopping = False

    async def start(self, advance: Advance, look: Look, at_once: int) -> None:
        """Begin to take jobs, at most `at_once` at a time.

        Raises:
            ConfigurationInvalid: the database cannot be reached, or its user may not create the schema of the jobs.
        """
        app = await self._opened()
        self._calls = Calls(self._clock, advance, at_once, freed=self._woken.set)
        self._looks = Looks(look)
        self._stopping = False
        self._serving = asyncio.create_task(self._serve(app), name="take jobs")

    async def submit(self, submission: Submission) -> None:
        """Ask for a run to be advanced: here where there is a place at once, else by whoever takes the job."""
        calls = self._calls
        is_here = calls is not None and (calls.free or calls.drives(submission.run_id))
        if calls is not None and is_here and submission.not_before is None:
            calls.submit(submission)
            return
        when = "" if submission.not_before is None else " later"
        named = {"run_id": submission.run_id, "space": submission.space}
        urgency = {"priority": submission.priority, "rank": RANK[submission.priority]}
        lock = f"run {submission.run_id}{when}"
        await self._hint(lock, named | urgency, submission.not_before)

    async def knock(self) -> None:
        """Ask for `look` to be called: here, where there is a place free, else by whoever takes the job."""
        if self._looks is not None and self._calls is not None and self._calls.free:
            self._looks.knock()
        else:
            await self._hint(_LOOK, {"run_id": "", "space": "", "rank": 0}, None)

    async def stop(self, grace_s: float) -> None:
        """Take no more jobs, wait for running calls up to `grace_s` seconds, then cancel them."""
        serving, calls, looks = self._serving, self._calls, self._looks
        if serving is None or calls is None or looks is None:
            return
        self._stopping = True
        self._woken.set()
        await asyncio.gather(calls.stop(grace_s), looks.stop(), _ended(serving))
        if self._calls is calls:
            self._calls = self._looks = self._serving = None

    async def close(self) -> None:
        """Stop at once, and let go of the database."""
        await self.stop(0)
        app, self._app = self._app, None
        if app is not None:
            with contextlib.suppress(*_FAILURES):
                await app.close_async()

    async def _opened(self) -> procrastinate.App:
        async with self._opening:
            if self._app is None:
                logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # we say it, and once
                await prepare_jobs(self._url)
                connector = procrastinate.PsycopgConnector(
                    conninfo=self._url,
                    kwargs={"options": f"-c search_path={SCHEMA} {_SESSION}"},
                    min_size=1,
                    max_size=4,
                    timeout=self._patience_s,
                    # Its pauses double until then: after a long outage nobody would wait long enough for the next try.
                    reconnect_timeout=self._patience_s,
                )
                app = procrastinate.App(connector=connector)
                try:
                    await app.open_async()
                except _FAILURES as error:
                    raise ConfigurationInvalid(
                        "the database of CALLBOARD_DATABASE_URL cannot be reached to hand out work"
                        f" ({type(error).__name__}); see whether it runs"
                    ) from error
                self._app = app
            return self._app

    async def _hint(self, lock: str, named: dict[str, Any], at: datetime | None) -> None:
        """Store a job, unless the same one waits already. One that cannot be stored is lost."""
        try:
            async with asyncio.timeout(self._patience_s):
                app = await self._opened()
                found = await app.connector.execute_query_one_async(_AHEAD, **named)
                # Each space has its own steps down, so that the next of every space stand side by side.
                priority = -len(RANK) * int(found["ahead"]) - int(named["rank"])
                job = app.configure_task(
                    _TASK,
                    queue=_QUEUE,
                    priority=priority,
                    queueing_lock=lock,
                    schedule_at=at,
                    allow_unknown=True,
                )
                await job.defer_async(**named)
        except exceptions.AlreadyEnqueued:
            pass
        except (*_FAILURES, ConfigurationInvalid, TimeoutError) as error:
            _log.warning("a hint at %s was lost (%s): it will be found", lock, _named(error))

    async def _serve(self, app: procrastinate.App) -> None:
        """Take jobs for ever; where the database is away, again when it is back."""
        said = False
        while not self._stopping:
            try:
                await self._take_jobs(app)
            except _FAILURES as error:
                if not said:
                    _log.warning("no work can be handed out (%s); trying again", _named(error))
                said = True
            else:
                said = False
            if not self._stopping:
                await asyncio.sleep(_POLL_S)

    async def _take_jobs(self, app: procrastinate.App) -> None:
        """Take jobs until the connection that listens is lost."""
        manager = app.job_manager
        listening = asyncio.create_task(
            manager.listen_for_jobs(on_notification=self._notified, queues=[_QUEUE])
        )
        try:
            worker_id = await manager.register_worker()
            beat_at = self._clock.monotonic()
            while not listening.done() and not self._stopping:
                self._woken.clear()
                await self._take_all(app, worker_id)
                if self._clock.monotonic() >= beat_at:
                    beat_at = self._clock.monotonic() + _BEAT_S
                    await manager.update_heartbeat(worker_id)
                    await self._clear_away(app)
                if not self._stopping:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), _POLL_S)
            await manager.unregister_worker(worker_id)
            if listening.done():
                await listening
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _take_all(self, app: procrastinate.App, worker_id: int) -> None:
        while self._calls is not None and self._calls.free:
            job = await app.job_manager.fetch_job(queues=[_QUEUE], worker_id=worker_id)
            if job is None:
                return
            self._take(job, self._calls)
            await _delete(app, job)

    def _take(self, job: Job, calls: Calls) -> None:
        named = job.task_kwargs
        if named.get("run_id"):
            space, priority = str(named["space"]), str(named["priority"])
            calls.submit(Submission(str(named["run_id"]), space, _priority(priority)))
        elif self._looks is not None:
            self._looks.knock()

    async def _clear_away(self, app: procrastinate.App) -> None:
        """Delete what processes left that died between taking a job and deleting it."""
        await app.job_manager.prune_stalled_workers(_DEAD_S)
        for job in await app.job_manager.get_stalled_jobs(queue=_QUEUE):
            await _delete(app, job)

    async def _notified(self, *, channel: str, notification: Notification) -> None:
        del channel, notification
        self._woken.set()


async def _ended(serving: "asyncio.Task[None]") -> None:
    """Wait until a task has come to its end, not for ever."""
    await asyncio.wait((serving,), timeout=_PATIENCE_S)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def _delete(app: procrastinate.App, job: Job) -> None:
    with contextlib.suppress(exceptions.ConnectorException):  # it may be gone already
        await app.job_manager.finish_job(job, status=Status.SUCCEEDED, delete_job=True)


def _priority(name: str) -> Any:
    return name if name in RANK else "normal"


def _named(error: BaseException) -> str:
    cause = error.__cause__
    return type(cause if isinstance(cause, Exception) else error).__name__
