"""A replay side by side with what was done before, for people and for programs."""

from callboard.cli.plain import one_line
from callboard.cli.table import table
from callboard.cli.text import dollars, duration
from callboard.engine.replays import Replay, Replayed, Side

_WIDEST = 60


def replay_lines(replay: Replay) -> list[str]:
    """Return a line for each input, and one for each side."""
    if not replay.cases and not replay.skipped:
        return [f"{replay.agent}@{replay.number}: nothing to replay yet"]
    rows = [_row(one) for one in replay.cases]
    rows.append(("all", *_side(replay.before), *_side(replay.after), ""))
    header = ("INPUT", "BEFORE", "COST", "TIME", f"VERSION {replay.number}", "COST", "TIME", "WHY")
    left_out = [f"left out {one.run_id}: {one_line(one.reason, 200)}" for one in replay.skipped]
    return [*(table(header, rows) if replay.cases else []), *left_out]


def _row(one: Replayed) -> tuple[str, ...]:
    return (
        one.past.run_id,
        _passed(one.passed_before),
        dollars(one.past.cost_usd),
        _time(one.seconds_before),
        _passed(one.passed),
        dollars(one.cost_usd),
        _time(one.seconds),
        one_line(one.reason, _WIDEST),
    )


def _side(side: Side) -> tuple[str, str, str]:
    return (f"{side.passed} of {side.of}", dollars(side.cost_usd), _time(side.seconds))


def _passed(passed: bool) -> str:
    return "passed" if passed else "not"


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def replay_json(replay: Replay) -> dict[str, object]:
    """Return a replay."""
    return {
        "agent": replay.agent,
        "version": replay.number,
        "before": _side_json(replay.before),
        "after": _side_json(replay.after),
        "worse": replay.is_worse,
        "cases": [
            {
                "past_run": one.past.run_id,
                "task": one.past.task,
                "step": one.past.step,
                "passed_before": one.passed_before,
                "run": one.run_id,
                "passed": one.passed,
                "reason": one.reason or None,
                "cost_usd": None if one.cost_usd is None else float(one.cost_usd),
                "seconds": one.seconds,
            }
            for one in replay.cases
        ],
        "skipped": [{"past_run": one.run_id, "reason": one.reason} for one in replay.skipped],
    }


def _side_json(side: Side) -> dict[str, object]:
    cost = None if side.cost_usd is None else float(side.cost_usd)
    return {"passed": side.passed, "of": side.of, "cost_usd": cost, "median_s": side.seconds}
