"""Trials that failed: the deployment itself ends them, on the bound that was set when they began."""

from dataclasses import dataclass

from callboard.domain.errors import RecordConflict
from callboard.domain.org.principal import SYSTEM, Principal
from callboard.domain.org.roster import ROSTER, AgentTrial, RosterAgent
from callboard.domain.record import Kept
from callboard.engine.tasks.track_record import (
    LATELY,
    TrackRecord,
    track_record,
    trial_failure,
)
from callboard.ports.event_store import AttemptsWanted
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.recording import write
from callboard.usecases.roster_reading import require_agent, version_of


async def end_failed_trials(app: App) -> list[str]:
    """Roll back every agent whose trial has failed, and return their ids. The audit log says why."""
    ended: list[str] = []
    for kept in await app.records.find(ROSTER, Wanted(states=("live", "trial"))):
        trial = kept.value.trial
        failure = "" if trial is None else await _failure(app, kept.value, trial)
        if trial is not None and failure and await _rolled_back(app, kept, trial, failure):
            ended.append(kept.value.id)
    return ended


@dataclass(frozen=True, slots=True)
class TrialStanding:
    """How a version on trial did so far, and the live one in the same time (lately, where it did nothing in it)."""

    trial: AgentTrial
    tried: TrackRecord
    live: TrackRecord


async def trial_standing(app: App, who: Principal, agent_id: str) -> TrialStanding | None:
    """Return how an agent's trial stands; None where it has none.

    Raises:
        UnknownThing: there is no such agent, or none that they see.
    """
    kept = await require_agent(app, who, "agent.read", agent_id)
    trial = kept.value.trial
    if trial is None:
        return None
    return TrialStanding(trial, *await _records(app, kept.value, trial))


async def _records(
    app: App, agent: RosterAgent, trial: AgentTrial
) -> tuple[TrackRecord, TrackRecord]:
    now = app.ports.clock.now()
    wanted = AttemptsWanted(agent=agent.id, since=min(trial.since, now - LATELY))
    attempts = await app.ports.store.attempts(wanted)
    recent = [one for one in attempts if one.began_at >= trial.since]
    tried = track_record(recent, (await version_of(app, agent.id, trial.version)).digest)
    if agent.live is None:
        return tried, TrackRecord()
    digest = (await version_of(app, agent.id, agent.live)).digest
    live = track_record(recent, digest)
    return tried, live if live.finished else track_record(attempts, digest)


async def _failure(app: App, agent: RosterAgent, trial: AgentTrial) -> str:
    tried, live = await _records(app, agent, trial)
    return trial_failure(trial.bound, tried, live)


async def _rolled_back(app: App, kept: Kept[RosterAgent], trial: AgentTrial, failure: str) -> bool:
    after = kept.value.rolled_back()
    note = f"the trial of version {trial.version} failed: {failure}"
    try:
        await write(app, SYSTEM, "agent.publish", ROSTER.put(after, over=kept), note=note)
    except RecordConflict:  # somebody moved the agent at this moment: their word counts
        return False
    return True
