"""Say something to a run that is under way."""

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.run.state import RunState
from callboard.ports.event_store import Signal
from callboard.runtime.reading import load
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App, require_run

_LONGEST = 100_000


async def steer_run(app: App, who: Principal, run_id: str, text: str) -> None:
    """Let a message join the run's conversation before the model's next answer, whoever drives the run and
    whenever that is. A run that was about to end goes on.

    Raises:
        UnknownThing: no such run.
        ConfigurationInvalid: it has ended, it is a task's and not an agent's, or there is nothing to say.
    """
    await require_run(app, who, "run.steer", run_id)
    if not text.strip() or len(text) > _LONGEST:
        raise ConfigurationInvalid(f"a message has 1 to {_LONGEST} characters")
    state = fold_any(await load(app.ports.store, run_id))
    if not isinstance(state, RunState):
        raise ConfigurationInvalid(
            f"{run_id} is a task; say it to the agent at work on it (see `callboard runs show {run_id}`)"
        )
    if state.terminal is not None:
        raise ConfigurationInvalid(f"run {run_id} has ended; nothing can be said to it any more")
    now = app.ports.clock.now()
    key = f"steer {app.ids.run_id()}"
    signal = Signal(run_id=run_id, key=key, kind="steer", actor=who.actor, at=now, note=text)
    await app.ports.store.signal(signal)
    app.driver.hear(signal)
