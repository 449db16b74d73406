"""What the parts of a screen cost to render: prose, code, changes, charts, a workflow, the time strip."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import callboard
from callboard.domain.workflow import AgentStep, WorkflowDefinition
from callboard.web.render.changes import files_of
from callboard.web.render.charts.legend import figure
from callboard.web.render.charts.lines import line_chart, spark
from callboard.web.render.charts.parts import Series
from callboard.web.render.code import highlighted
from callboard.web.render.diagram.drawing import diagram
from callboard.web.render.diff import diff
from callboard.web.render.invisible import marked
from callboard.web.render.markdown import prose
from callboard.web.render.strip import StripMark, strip
from callboard.web.render.versions import between

ROUNDS = 9
ROOT = Path(__file__).parent.parent


def _microseconds(work: Callable[[], object]) -> float:
    work()
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1e6)
    return statistics.median(times)


def _row(what: str, unit: str, size: float, work: Callable[[], object]) -> dict[str, object]:
    return {"what": what, "µs": round(_microseconds(work) / size, 1), "for each": unit}


def _workflow(count: int) -> WorkflowDefinition:
    steps = (
        AgentStep(id=f"s{n}", title=f"Step {n}", agent="ann", on_reject="s0") for n in range(count)
    )
    return WorkflowDefinition(id="w", title="W", steps=tuple(steps))


def main() -> list[dict[str, object]]:
    """Measure usual texts, and those that are made to be slow."""
    readme = (ROOT / "README.md").read_text()[:30_000]
    source = (Path(callboard.__file__).parent / "domain/run/fold.py").read_text()
    changed = source.replace("return", "yield").replace("None", "Nothing")
    lines = sum(len(hunk.lines) for hunk in between(source, changed).hunks)
    patch = "diff --git a/x.py b/x.py\n@@ -1,9999 +0,0 @@\n" + "\n".join(
        f"-{line}" for line in source.split("\n")
    )
    days = [f"Nov {n}" for n in range(30)]
    series = [
        Series(name, tuple(float(n % 7) for n in range(30))) for name in ("Mara", "Otto", "Iris")
    ]
    marks = [StripMark("tool", n, n + 0.9, "read_file", f"#e{n}") for n in range(10_000)]
    return [
        _row("prose: a README", "KB", len(readme) / 1024, lambda: prose(readme)),
        _row("prose: open brackets", "KB", 20, lambda: prose("![[" * 6_827)),
        _row("prose: emphasis that never ends", "KB", 20, lambda: prose("*a **a " * 2_926)),
        _row(
            "code: Python", "KB", len(source) / 1024, lambda: highlighted(source, language="python")
        ),
        _row("code: C, empty lines", "KB", 20, lambda: highlighted(" \n" * 10_240, language="c")),
        _row("characters that nobody sees", "KB", 20, lambda: marked("a\u202eb\u200b" * 5_120)),
        _row("reading a change", "line", source.count("\n"), lambda: files_of(patch)),
        _row(
            "a change with words and colours",
            "line",
            lines,
            lambda: diff([between(source, changed, "x.py")], limit=None),
        ),
        _row(
            "chart: 3 series of 30 days",
            "chart",
            1,
            lambda: figure(line_chart("a", "usd", days, series, unit_words="$")),
        ),
        _row("spark of 14 days", "spark", 1, lambda: spark(series[0].values[:14], "spend")),
        _row("workflow of 10 steps", "diagram", 1, lambda: diagram(_workflow(10), str)),
        _row("workflow of 40 steps", "diagram", 1, lambda: diagram(_workflow(40), str)),
        _row("strip of 10,000 calls", "strip", 1, lambda: strip(marks, 10_000)),
    ]
