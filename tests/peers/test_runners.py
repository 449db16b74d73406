"""Measuring beside others: the scripts do the whole work, and what cannot be measured is said."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.loopback import server
from benchmarks.peers.cases import killed
from benchmarks.peers.environments import HERE, OURS, Peer
from benchmarks.peers.process import PeerFailed, PeerProcess, Told

pytestmark = pytest.mark.anyio

BY_HAND = Peer("by hand", "", "bare_socket.py")
NOT_THERE = Peer("not there", "nobody-has-this", "bare_socket.py")
BROKEN = Peer("broken", "", "no_such_runner.py")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server(10) as address:
        yield address


async def done(peer: Peer, url: str, home: Path, **wish: Any) -> Told:
    process = await PeerProcess.start(peer, url, home)
    try:
        return await process.ask("runs", key="k", clock=True, patience_s=20, **wish)
    finally:
        await process.kill()


@pytest.mark.parametrize("peer", [BY_HAND, OURS], ids=lambda peer: peer.name)
async def test_a_runner_makes_every_call_of_every_run(peer: Peer, url: str, tmp_path: Path):
    told = await done(peer, url, tmp_path, runs=2, model="bench-10", stream=True)
    assert len(told["clock"]) == 2 * 9


async def test_a_loop_by_hand_reads_answers_that_come_whole(url: str, tmp_path: Path):
    told = await done(BY_HAND, url, tmp_path, runs=1, model="bench-10", stream=False)
    assert len(told["clock"]) == 9


async def test_a_run_of_ours_waits_for_a_person_and_goes_on(url: str, tmp_path: Path):
    process = await PeerProcess.start(OURS, url, tmp_path)
    try:
        before = await process.ask("waiting", key="w", runs=50, model="bench-2", clock=True)
        after = await process.ask("wake", key="w-7", clock=True)
    finally:
        await process.kill()
    assert before["clock"] == []
    assert len(after["clock"]) == 1


async def test_runs_of_ours_that_were_killed_are_finished_and_what_is_done_twice_is_counted(
    url: str, tmp_path: Path
):
    told = await killed(OURS, url, tmp_path)
    assert told["by_then"] >= 147
    assert told["repeated_calls"] < told["by_then"]


async def test_who_is_not_installed_is_told_how_to_be(url: str, tmp_path: Path):
    with pytest.raises(PeerFailed, match="not installed"):
        await PeerProcess.start(NOT_THERE, url, tmp_path)


async def test_who_breaks_off_is_named_with_its_last_words(url: str, tmp_path: Path):
    with pytest.raises(PeerFailed, match="no_such_runner"):
        await PeerProcess.start(BROKEN, url, tmp_path)


async def test_what_a_runner_could_not_do_is_said_and_it_goes_on(url: str, tmp_path: Path):
    process = await PeerProcess.start(BY_HAND, url, tmp_path)
    try:
        with pytest.raises(PeerFailed, match="NotImplementedError"):
            await process.ask("recover")
        assert await process.ask("idle", seconds=0)
    finally:
        await process.kill()


def test_every_requirement_of_a_peer_is_pinned_to_one_version():
    lines = [
        line
        for file in (HERE / "requirements").glob("*.txt")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert lines
    assert [line for line in lines if not re.match(r"[\w.\[\],-]+==[\w.]+( ;.*)?$", line)] == []


def test_the_runner_of_ours_runs_in_this_environment():
    assert OURS.python == Path(sys.executable)
