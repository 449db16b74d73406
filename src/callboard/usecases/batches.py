"""Several decisions with one call: each bound to what was shown, each with its own outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.persons import require_person

MOST = 100
"""How many decisions one call may hold."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decides at one gate. `digest` is that of the gate as it was shown."""

    run_id: str
    digest: str
    decision: Decision
    as_deputy_of: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a choice. `closed`: the run can go on; not closed and no problem: more approvals are needed.

    `code` and `problem` say why it was refused.
    """

    run_id: str
    closed: bool = False
    code: str | None = None
    problem: str | None = None


async def decide_several(app: App, who: Principal, choices: Sequence[Choice]) -> list[Outcome]:
    """Record decisions one after the other; one that is refused keeps no other from being recorded.

    Raises:
        NotAllowed: it is no person that decides.
        ConfigurationInvalid: there are too many.
    """
    require_person(who, "inbox.manage")
    if len(choices) > MOST:
        raise ConfigurationInvalid(f"{len(choices)} decisions at once; at most {MOST} fit")
    return [await _outcome(app, who, choice) for choice in choices]


async def _outcome(app: App, who: Principal, choice: Choice) -> Outcome:
    try:
        made = await record_decision(
            app,
            who,
            choice.run_id,
            choice.decision,
            digest=choice.digest,
            as_deputy_of=choice.as_deputy_of,
        )
    except CallboardError as error:
        return Outcome(choice.run_id, code=error.code, problem=str(error))
    return Outcome(choice.run_id, closed=made.closed)
