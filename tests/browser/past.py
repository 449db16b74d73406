"""Work that agents did: attempts written down by hand, as a task's log settles them."""

from datetime import timedelta
from decimal import Decimal

from callboard.domain.actor import Actor
from callboard.domain.attempt_row import AttemptOutcome, AttemptRow
from callboard.domain.events.codec import GENESIS, Recorded, seal
from callboard.domain.events.workflow import CommentAdded
from callboard.domain.run_row import RunRow
from callboard.domain.usage import Bill, Usage
from callboard.ports.event_store import Batch

ANN = Actor(kind="person", name="ann")


async def worked(
    app,
    definition,
    number,
    *,
    days_ago=1,
    cost="0.50",
    outcome: AttemptOutcome = "passed",
    space="auth",
):
    """Write down that an agent served the step `write` of task AUTH-number, `days_ago`, for ten minutes."""
    began = app.ports.clock.now() - timedelta(days=days_ago, minutes=number % 50)
    task_run, run = f"AUTH-{number}-1", f"AUTH-{number}-1.write-1"
    store = app.ports.store
    for run_id, step in ((task_run, None), (run, "write")):
        row = RunRow(
            run_id=run_id,
            kind="agent" if step else "workflow",
            subject=definition.id if step else "flow",
            title=definition.display_name,
            status="completed",
            root_id=task_run,
            parent_id=task_run if step else None,
            model=definition.model,
            workspace="/work",
            space=space,
            task=f"AUTH-{number}",
            digest=definition.digest,
            step=step,
            usage=Usage(input_tokens=9_000, output_tokens=700),
            bill=Bill(known_usd=Decimal(cost)),
            created_at=began,
            updated_at=began,
            ended_at=began + timedelta(minutes=10),
        )
        event = CommentAdded(actor=ANN, text="x")
        first, _ = seal(Recorded(run_id, 1, began, event), GENESIS)
        claim = await store.create([first], row)
        if step is None:
            second, _ = seal(Recorded(run_id, 2, began, event), first.hash)
            settled = AttemptRow(run, judge=False, outcome=outcome)
            await store.append(Batch(run_id, claim.epoch, 1, (second,), row, (), (settled,)))
        await store.release(claim)
