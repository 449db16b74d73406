"""What was once stored loads, says the same and adds up to the same, for ever."""

import hashlib
import json
from pathlib import Path
from typing import Any, cast, get_args

import pytest

from callboard.domain.events.codec import (
    GENESIS,
    Recorded,
    Sealed,
    chain_hash,
    seal,
    timestamp,
    unseal,
)
from callboard.domain.events.run import RunCreated
from callboard.domain.events.union import AnyEvent
from callboard.domain.run.fold import fold
from callboard.domain.task_run.fold import fold_task
from callboard.engine.decide import decide
from callboard.engine.tasks.decide import decide_task

from .files import EVENTS, HERE, LOGS, SUMS, adds_up_to, every_file, read_log
from .logs import agent_log, task_log
from .samples import EVENTS as SAMPLES

# SHA256SUMS is append-only too: how many lines it had at each release, and their digest.
FROZEN = {"0.1": (57, "0adafb15e0d84e147ac3acdf1973e58cbd559c05db2747505a2f43e752fdb7bd")}

event_files = pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda p: p.stem)
log_files = pytest.mark.parametrize("path", sorted(LOGS.glob("*.jsonl")), ids=lambda p: p.stem)


def stored(path: Path) -> Sealed:
    body = path.read_bytes().removesuffix(b"\n")
    fields = json.loads(body)
    return Sealed(fields["run_id"], fields["seq"], body, chain_hash(GENESIS, body))


def kind_and_version(path: Path) -> tuple[str, int]:
    kind, version = path.stem.split(".v", 1)
    return kind, int(version.partition(".")[0])


def test_every_kind_of_event_has_a_file_of_every_version():
    current = {
        (kind.model_fields["type"].default, version)
        for kind in get_args(AnyEvent)
        for version in range(1, kind.model_fields["v"].default + 1)
    }
    assert {kind_and_version(path) for path in EVENTS.glob("*.json")} == current


def test_no_file_was_edited_removed_or_added_unlisted():
    lines = [line.partition("  ") for line in SUMS.read_text().splitlines()]
    listed = {name: digest for digest, _, name in lines}
    present = {
        path.relative_to(HERE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in every_file()
    }
    assert present == listed


def test_the_list_of_files_only_ever_grows():
    lines = SUMS.read_bytes().splitlines(keepends=True)
    for release, (count, digest) in FROZEN.items():
        assert hashlib.sha256(b"".join(lines[:count])).hexdigest() == digest, release


@event_files
def test_a_stored_event_loads_as_the_kind_and_version_that_it_is_named_for(path):
    event = unseal(stored(path)).event
    assert (event.type, event.v) == kind_and_version(path)


@event_files
def test_nothing_of_a_stored_event_is_lost_when_it_is_stored_again(path):
    sealed = stored(path)
    again, blob = seal(unseal(sealed), GENESIS)
    assert blob is None
    before, after = json.loads(sealed.body), json.loads(again.body)
    assert _kept(before, after) == before
    if _shape(before) == _shape(after):  # no later version added a field with a default
        assert again == sealed


@event_files
def test_a_stored_event_means_what_it_meant_when_it_was_written(path):
    assert unseal(stored(path)).event == SAMPLES[path.stem]


@event_files
def test_an_agents_run_folds_over_every_stored_event(path):
    created = unseal(stored(EVENTS / "run.created.v1.agent.json"))
    recorded = unseal(stored(path))
    state = fold([created, Recorded(created.run_id, 2, recorded.at, recorded.event)])
    assert state.seq == 2


@event_files
def test_a_task_folds_over_every_stored_event(path):
    created = unseal(stored(EVENTS / "run.created.v1.workflow.json"))
    recorded = unseal(stored(path))
    after = recorded.event
    state = fold_task([created, Recorded(created.run_id, 2, recorded.at, after)])
    assert state.seq == 2


@log_files
def test_a_whole_log_verifies(path):
    for log in read_log(path).values():
        previous = GENESIS
        for position, entry in enumerate(log, start=1):
            assert entry.seq == position
            assert entry.hash == chain_hash(previous, entry.body)
            previous = entry.hash


@log_files
def test_a_whole_log_adds_up_to_what_it_added_up_to_when_it_was_written(path):
    sealed = [entry for log in read_log(path).values() for entry in log]
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    assert adds_up_to(sealed) == expected


@log_files
def test_every_prefix_of_a_whole_log_has_a_next_step(path):
    for log in read_log(path).values():
        recorded = [unseal(entry) for entry in log]
        for end in range(1, len(recorded) + 1):
            first = recorded[0].event
            assert isinstance(first, RunCreated)
            if first.subject.kind == "agent":
                decide(fold(recorded[:end]))
            else:
                decide_task(fold_task(recorded[:end]))


@pytest.mark.parametrize(("name", "log"), [("agent", agent_log), ("task", task_log)])
@pytest.mark.anyio
async def test_the_same_script_still_takes_a_run_to_the_same_end(name, log):
    """Not the same bytes: a later version may record more. The same outcome and the same words."""
    expected = json.loads((LOGS / f"{name}.expected.json").read_text(encoding="utf-8"))
    found = adds_up_to(await log())
    for run_id, summary in expected.items():
        for fact in ("status", "output", "turns", "tool_calls", "known_usd"):
            assert found[run_id][fact] == summary[fact], (run_id, fact)


def test_times_are_stored_in_utc_with_microseconds():
    recorded = unseal(stored(EVENTS / "run.resumed.v1.json"))
    assert timestamp(recorded.at) == "2026-01-15T12:00:00.126456Z"


def _kept(before: Any, after: Any) -> Any:
    """`after`, cut down to the places that `before` has."""
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
        return {key: _kept(value, new[key]) for key, value in old.items() if key in new}
    if isinstance(before, list) and isinstance(after, list):
        olds, news = cast("list[Any]", before), cast("list[Any]", after)
        pairs = zip(olds, news, strict=len(olds) == len(news))
        return [_kept(old, new) for old, new in pairs]
    return after


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_shape(item) for item in cast("list[Any]", value)]
    return None
