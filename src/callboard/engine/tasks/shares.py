"""Which version of an agent does a task: the live one, or for a share of the tasks the one on trial."""

import hashlib

from callboard.domain.org.roster import AgentTrial, RosterAgent

_SPAN = 1 << 64


def version_for(agent: RosterAgent, task: str) -> int | None:
    """Return the version that plays in a task, always the same; None where the agent is on trial and this task is
    not one of its share.
    """
    trial = agent.trial
    if trial is not None and on_trial(agent.id, trial, task):
        return trial.version
    return agent.live


def on_trial(agent_id: str, trial: AgentTrial, task: str) -> bool:
    """Return whether a task falls to a trial. A greater share keeps every task that a smaller one has; different
    versions get different tasks.
    """
    drawn = hashlib.sha256(f"{agent_id}@{trial.version}/{task}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") < trial.share * _SPAN
