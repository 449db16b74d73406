"""How agents perform."""

from typing import Annotated

from fastapi import APIRouter, Query

from callboard.api.cursors import Page
from callboard.api.task_shapes import PerformanceView
from callboard.engine.performance import Axis
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.performance import measure

router = APIRouter(tags=["performance"])


@router.get("/performance")
async def performance(
    app: TheApp,
    who: Who,
    *,
    by: Annotated[list[Axis] | None, Query(max_length=5)] = None,
    space: Annotated[str | None, Query(max_length=64)] = None,
    agent: Annotated[str | None, Query(max_length=200)] = None,
    days: Annotated[float, Query(gt=0, le=3650)] = 30,
) -> Page[PerformanceView]:
    """Show a line for each agent, version, step, space or model; several axes give one for each combination."""
    asked: list[Axis] = by or ["agent"]
    axes = tuple(dict.fromkeys(asked))
    lines = await measure(app, who, axes, space=space, agent=agent, days=days)
    return Page(items=[PerformanceView.of_line(axes, line) for line in lines])
