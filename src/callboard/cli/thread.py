"""The thread of a task or run: who did what, what changed, what it cost, how long it took."""

from callboard.cli.calls import describe_changes
from callboard.cli.paint import Page
from callboard.cli.plain import plain
from callboard.cli.program import program
from callboard.cli.story.story import Story
from callboard.cli.streams import OUT
from callboard.cli.text import duration, money, tokens
from callboard.usecases.runs import ShownRun


def print_thread(shown: ShownRun) -> None:
    """Print a run and everything below it as people read it."""
    page = Page(OUT)
    row = shown.row
    page.text(f"{plain(row.title)}  {row.run_id}  {_status(shown)}", "bold")
    story = Story()
    for recorded in shown.events:
        page.show(story.tell(recorded))
    page.show(story.unfinished())
    print_summary(shown, story)


def print_summary(shown: ShownRun, story: Story) -> None:
    """Print how a run stands: time, cost, what changed, and what one can do next."""
    page = Page(OUT)
    row = shown.row
    elapsed = (row.ended_at or row.updated_at) - row.created_at
    style = "bold green" if row.status == "completed" else "bold"
    page.text(
        f"\n{_status(shown)} after {duration(elapsed)}, {money(row.bill)}, {tokens(row.usage)}",
        style,
    )
    for line in describe_changes(story.changes):
        page.text(f"  {line}")
    if row.waiting_for is not None:
        page.text(f"Waits for a decision: {program()} inbox show {row.run_id}")
    elif shown.stopped:
        page.text(f"No process drives it. Go on: {program()} runs resume {row.run_id}")
    page.text(f"Verify the log: {program()} runs verify {row.run_id}")


def _status(shown: ShownRun) -> str:
    return "stopped" if shown.stopped else shown.row.status
