"""Dispatch between processes through workflows of DBOS in PostgreSQL: each is a hint, and a step of none of ours.

What is known to go wrong with DBOS is kept out: every process is an executor of its own, so that none repeats what another
does; the version is pinned, so that an upgrade strands nothing; nothing is ever given up after so many attempts; what is
stored is JSON; there is one queue, asked once a second, for what nobody noticed sooner. Nothing of it leaves the deployment.
"""

import asyncio
import contextlib
import json
import logging
import secrets
from typing import Any, Final

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Serializer

from callboard.domain.submission import RANK, Submission
from callboard.ports.clock import Clock
from callboard.ports.dispatcher import Advance, Look
from callboard.stores.dispatch.calls import Calls, Looks
from callboard.stores.dispatch.workflow_schema import SCHEMA, prepare_workflows

_log = logging.getLogger(__name__)
_NAME: Final = "callboard"
_QUEUE: Final = "runs"
_ADVANCE: Final = "advance"
_VERSION: Final = "dispatch-1"
_POLL_S: Final = 1.0
_PATIENCE_S: Final = 10.0
_CLEAR_S: Final = 60.0
_FROZEN_S: Final = 10.0
"""How long a process that froze in the middle of a transaction keeps the others waiting, in seconds."""

_COUNTED: Final = 1_000
_OVER: Final = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class DbosDispatcher:
    """`callboard.ports.dispatcher.Dispatcher` among all processes that share a PostgreSQL database. One of a process may
    dispatch at a time. The queue has one bound for all workers: that of the one that started last; each keeps to its own.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        _forward_log()
        self._url = url
        self._clock = clock
        self._client: DBOSClient | None = None
        self._opening = asyncio.Lock()
        self._calls: Calls | None = None
        self._looks: Looks | None = None
        self._clearing: asyncio.Task[None] | None = None

    async def start(self, advance: Advance, look: Look, at_once: int) -> None:
        """Begin to take workflows from the queue.

        Raises:
            ConfigurationInvalid: the database cannot be reached, or its user may not create the schema.
        """
        client = await self._opened()
        self._calls = Calls(self._clock, advance, at_once)
        self._looks = Looks(look)
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._launch, loop, at_once)
        self._clearing = asyncio.create_task(_clear_away(client), name="clear away")

    async def submit(self, submission: Submission) -> None:
        """Ask for a run to be advanced: here where there is a place at once, else by whoever takes it from the queue."""
        calls = self._calls
        is_here = calls is not None and (calls.free or calls.drives(submission.run_id))
        if calls is not None and is_here and submission.not_before is None:
            calls.submit(submission)
            return
        delay_s = 0.0
        if submission.not_before is not None:
            delay_s = (submission.not_before - self._clock.now()).total_seconds()
        urgency = {"priority": submission.priority, "rank": RANK[submission.priority]}
        named = {"run_id": submission.run_id, "space": submission.space}
        await self._hint(named | urgency, delay_s)

    async def knock(self) -> None:
        """Ask for `look` to be called: here, where there is a place free, else by whoever takes it from the queue."""
        if self._looks is not None and self._calls is not None and self._calls.free:
            self._looks.knock()
        else:
            await self._hint({"run_id": "", "space": "", "rank": 0}, 0.0)

    async def stop(self, grace_s: float) -> None:
        """Take nothing more from the queue, wait for running calls up to `grace_s` seconds, then cancel them."""
        calls, looks, clearing = self._calls, self._looks, self._clearing
        if calls is None or looks is None or clearing is None:
            return
        clearing.cancel()
        await asyncio.gather(clearing, looks.stop(), calls.stop(grace_s), return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=1)
        if self._calls is calls:
            self._calls = self._looks = self._clearing = None

    async def close(self) -> None:
        """Stop at once, and let go of the database."""
        await self.stop(0)
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.destroy)

    def _launch(self, loop: asyncio.AbstractEventLoop, at_once: int) -> None:
        """Let DBOS work in threads and an event loop of its own: it would take over the pool of threads of ours."""
        DBOS.destroy(destroy_registry=True)
        DBOS(config=_config(self._url))

        @DBOS.workflow(name=_ADVANCE, max_recovery_attempts=None)
        async def taken(hint: str) -> None:
            call = asyncio.run_coroutine_threadsafe(self._taken(hint), loop)
            await asyncio.wrap_future(call)

        DBOS.launch()
        DBOS.register_queue(
            _QUEUE,
            polling_interval_sec=_POLL_S,
            worker_concurrency=at_once,
            on_conflict="always_update",
        )

    async def _taken(self, hint: str) -> None:
        """Advance a run that was taken from the queue, and come back when it has been."""
        named = json.loads(hint)
        calls, looks = self._calls, self._looks
        if calls is None or looks is None:
            return
        if not named["run_id"]:
            looks.knock()
            return
        await calls.run(Submission(named["run_id"], named["space"], named["priority"]))

    async def _opened(self) -> DBOSClient:
        async with self._opening:
            if self._client is None:
                await prepare_workflows(self._url)
                self._client = await asyncio.to_thread(
                    DBOSClient,
                    system_database_url=self._url,
                    dbos_system_schema=SCHEMA,
                    serializer=_Json(),
                    application_name=_NAME,
                    system_database_pool_size=2,
                    retry_connection_errors=False,
                )
            return self._client

    async def _hint(self, named: dict[str, Any], delay_s: float) -> None:
        """Put a workflow into the queue. One that cannot be put there is lost."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                client = await self._opened()
                ahead = await self._ahead(client, named)
                options = EnqueueOptions(
                    queue_name=_QUEUE,
                    workflow_name=_ADVANCE,
                    app_version=_VERSION,
                    # Each space has its own steps down, so that the next of every space stand side by side.
                    priority=1 + len(RANK) * ahead + int(named["rank"]),
                    attributes={"space": named["space"], "rank": named["rank"]},
                )
                if delay_s > 0:
                    options["delay_seconds"] = delay_s
                await client.enqueue_async(options, json.dumps(named))
        except Exception as error:  # noqa: BLE001 - a library with many kinds of failure
            _log.warning("a hint was lost (%s): its run will be found", type(error).__name__)

    async def _ahead(self, client: DBOSClient, named: dict[str, Any]) -> int:
        """Return how many of a space come before one that is put into the queue now."""
        waiting = await client.list_queued_workflows_async(
            queue_name=_QUEUE,
            status="ENQUEUED",
            attributes={"space": named["space"]},
            load_input=False,
            load_output=False,
            limit=_COUNTED,
        )
        ranks = [(one.attributes or {}).get("rank", 0) for one in waiting]
        return sum(rank <= named["rank"] for rank in ranks)


class _Json(Serializer):
    """What is stored can be read by anybody, and runs nothing when it is."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "callboard_json"


class _Forwarded(logging.Handler):
    """Hands on what is logged under another name: the first line, for tracebacks are within the message."""

    def emit(self, record: logging.LogRecord) -> None:
        _log.log(record.levelno, "%s", record.getMessage().partition("\n")[0])


def _forward_log() -> None:
    """Let what the library logs come under our name, in place of the console."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(handler, _Forwarded) for handler in logger.handlers):
        logger.handlers[:] = [_Forwarded()]
        logger.propagate = False
        logger.setLevel(logging.WARNING)


def _config(url: str) -> DBOSConfig:
    return DBOSConfig(
        name=_NAME,
        system_database_url=url,
        dbos_system_schema=SCHEMA,
        executor_id=secrets.token_hex(16),
        application_version=_VERSION,
        max_executor_threads=8,
        sys_db_pool_size=4,
        sys_db_idle_transaction_timeout_sec=_FROZEN_S,
        serializer=_Json(),
        log_level="WARNING",
        enable_otlp=False,
        use_listen_notify=False,
        run_migrations=False,
    )


async def _clear_away(client: DBOSClient) -> None:
    """Delete what is over, again and again."""
    while True:
        await asyncio.sleep(_CLEAR_S)
        with contextlib.suppress(Exception):  # the next time will do
            over = await client.list_queued_workflows_async(
                status=_OVER, queue_name=_QUEUE, load_input=False, load_output=False, limit=_COUNTED
            )
            await client.delete_workflows_async([one.workflow_id for one in over])
