"""Two versions of an agent side by side, as screens show them."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from callboard.domain.org.roster import RosterVersion
from callboard.engine.performance import Performance, compare
from callboard.usecases.compare_agents import definition_lines
from callboard.web.agent_pages import WhatChanged
from callboard.web.render.diff import diff
from callboard.web.render.versions import between
from callboard.web.render.words import NOTHING, percent, span, usd


def by_number(
    lines: Sequence[Performance], versions: Sequence[RosterVersion]
) -> dict[int, Performance]:
    """Return lines of performance by the number of the version that they are of."""
    found = {line.key[0].rpartition("@")[2]: line for line in lines}
    return {one.number: found[one.digest[:12]] for one in versions if one.digest[:12] in found}


def what_changed(
    versions: Sequence[RosterVersion], before: int, after: int, lines: Mapping[int, Performance]
) -> WhatChanged | None:
    """Return what is different between two versions; None where one of them is not there."""
    known = {one.number: one for one in versions}
    if before not in known or after not in known or before == after:
        return None
    old, new = known[before].definition, known[after].definition
    texts = ["\n".join(definition_lines(one)) + "\n" for one in (old, new)]
    file = between(texts[0], texts[1], f"{new.id} v{before} to v{after}.yaml")
    one, two = lines.get(before), lines.get(after)
    return WhatChanged(
        before,
        after,
        _numbers(one, two),
        [tool for tool in new.tool_names if tool not in old.tool_names],
        [tool for tool in old.tool_names if tool not in new.tool_names],
        diff([file]) if file.hunks else Markup(""),
        compare(one, two).verdict if one is not None and two is not None else "",
    )


def _numbers(one: Performance | None, two: Performance | None) -> list[tuple[str, str, str]]:
    if one is None or two is None:
        return []
    return [
        ("Cost per task", usd(one.per_accepted_usd), usd(two.per_accepted_usd)),
        ("Accepted", _rate(one), _rate(two)),
        ("Error rate", percent(one.error_rate), percent(two.error_rate)),
        ("Cycle", span(one.median_s), span(two.median_s)),
        ("Attempts", f"{one.settled:,}", f"{two.settled:,}"),
    ]


def _rate(line: Performance) -> str:
    return NOTHING if line.acceptance is None else percent(line.acceptance.value)
