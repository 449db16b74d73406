"""Processes: none is left behind, none has anything of the host's, and what dies is started again."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from callboard.domain.definition.program import ProgramSource
from callboard.domain.errors import SandboxUnavailable
from callboard.ports.programs import ProgramFault, ProgramLimits
from callboard.sandbox.programs import confinement
from callboard.sandbox.programs.confinement import boundary
from callboard.sandbox.programs.pool import ConfinedPrograms
from callboard.sandbox.programs.zygote import Zygote

pytestmark = pytest.mark.anyio

FOREVER = ProgramSource("python", "def handle_steps(ctx):\n    while True: yield 'well'\n")
BUSY = ProgramSource("python", "def handle_steps(ctx):\n    while True: pass\n    yield\n")
CANARY = "correct-horse-battery-staple"
HOST = """
import asyncio, datetime, sys
from callboard.domain.definition.program import ProgramSource
from callboard.sandbox.programs.pool import ConfinedPrograms

async def main():
    programs = ConfinedPrograms()
    text = sys.stdin.readline()
    program = await programs.start(ProgramSource("python", eval(text)), {}, seed="s")
    value = (await program.advance(None, now=datetime.datetime.now(datetime.UTC))).value
    print(programs._zygote.pid, program._leash.pid, value, flush=True)
    sys.stdin.read()
    await programs.close()

asyncio.run(main())
"""


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def gone(process):
    poll = select.poll()
    poll.register(process, select.POLLIN)
    assert poll.poll(20_000)


def exists(pid):
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
async def programs(anyio_backend):
    pool = ConfinedPrograms(limits=ProgramLimits(load_s=30, step_s=30))
    yield pool
    await pool.close()


async def test_a_closed_program_is_gone_and_collected(programs, now):
    program = await programs.start(FOREVER, {}, seed="s")
    await program.advance(None, now=now)
    await program.close()
    await program.close()
    # The zygote collects the dead before it forks again.
    await programs.start(FOREVER, {}, seed="s")
    assert not exists(program._leash.pid)
    with pytest.raises(ProgramFault, match="was closed"):
        await program.advance(None, now=now)


async def test_closing_all_leaves_no_process(programs, now):
    started = [await programs.start(FOREVER, {}, seed="s") for _ in range(3)]
    await started[0].advance(None, now=now)
    zygote = programs._zygote.pid
    await programs.close()
    await programs.close()
    assert [pid for pid in (zygote, *(p._leash.pid for p in started)) if exists(pid)] == []
    with pytest.raises(ProgramFault, match="everything was closed"):
        await programs.start(FOREVER, {}, seed="s")


async def test_closing_a_program_that_is_being_advanced_ends_the_wait(programs, now):
    program = await programs.start(BUSY, {}, seed="s")
    advancing = asyncio.create_task(program.advance(None, now=now))
    await asyncio.sleep(0)
    await program.close()
    with pytest.raises(ProgramFault):
        await advancing


async def test_a_cancelled_advance_ends_the_program(programs, now):
    program = await programs.start(BUSY, {}, seed="s")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await program.advance(None, now=now)
    with pytest.raises(ProgramFault, match="was interrupted"):
        await program.advance(None, now=now)


async def test_a_program_does_nothing_between_its_steps(programs, now):
    text = """
import warnings
os = warnings.sys.modules["os"]
def handle_steps(ctx):
    read = os.read
    def spin(*arguments):
        while True: pass
    os.read = spin
    yield 1
"""
    program = await programs.start(ProgramSource("python", text), {}, seed="s")
    await program.advance(None, now=now)
    # Soon: another processor may have to be told.
    assert "T" in (state_of(program._leash.pid) for _ in range(100_000))


async def test_what_dies_with_the_zygote_is_a_fault_and_another_one_is_started(programs, now):
    program = await programs.start(FOREVER, {}, seed="s")
    first = programs._zygote.pid
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, first, os.WEXITED | os.WNOWAIT)
    await asyncio.to_thread(gone, program._leash._process)
    with pytest.raises(ProgramFault) as caught:
        await program.advance(None, now=now)
    assert caught.value.reason == "protocol"
    again = await programs.start(FOREVER, {}, seed="s")
    assert (await again.advance(None, now=now)).value == "well"
    assert programs._zygote.pid != first


async def test_many_programs_run_side_by_side(programs, now):
    started = await asyncio.gather(*(programs.start(FOREVER, {}, seed="s") for _ in range(20)))
    reached = await asyncio.gather(*(program.advance(None, now=now) for program in started))
    assert [step.value for step in reached] == ["well"] * 20


def hosted(program, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", HOST],
        env={"PYTHONPATH": os.pathsep.join(sys.path), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(host, program):
    host.stdin.write(repr(program) + "\n")
    host.stdin.flush()
    zygote, worker, value = host.stdout.readline().split(maxsplit=2)
    return int(zygote), int(worker), value.strip()


def test_all_end_with_a_host_that_is_killed():
    with hosted(FOREVER.text) as host:
        *pids, _ = told(host, FOREVER.text)
        watched = [os.pidfd_open(pid) for pid in pids]
        host.kill()
        for process in watched:
            gone(process)
            os.close(process)


def environment_of(pid):
    """As others see it: nobody but root does."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except PermissionError:
        return b""


def test_the_hosts_environment_is_not_in_any_process_of_ours():
    text = """
import warnings
ctypes = warnings.sys.modules["ctypes"]
os = warnings.sys.modules["os"]

def texts():
    block = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    place = 0
    while block[place]:
        yield block[place].decode()
        place += 1

def handle_steps(ctx):
    end = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "__libc_stack_end").value
    stack = ctypes.string_at(end, 512)
    yield [list(texts()), dict(os.environ), "horse" in str(stack) or "horse" in str(warnings.sys.argv)]
"""
    with hosted(text, CANARY_SECRET=CANARY) as host:
        zygote, worker, value = told(host, text)
        assert CANARY.encode() not in environment_of(zygote)
        assert CANARY.encode() not in environment_of(worker)
        host.communicate()
    environment, mapping, found = eval(value)
    assert sorted(environment) == ["LC_CTYPE=C.UTF-8", "PYTHONHASHSEED=0", "TZ=UTC"]
    assert set(mapping) == {"LC_CTYPE", "PYTHONHASHSEED", "TZ"}
    assert not found


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root sees what a worker holds")
def test_a_worker_holds_one_descriptor():
    zygote = Zygote(boundary("required", ProgramLimits(), typescript=False))
    try:
        leash = zygote.worker()
        leash.channel.settimeout(30)
        leash.channel.sendall(b'{"token":"t","op":"nothing"}\n')
        assert b"no such request" in leash.channel.recv(1000)
        held = [path.name for path in Path(f"/proc/{leash.pid}/fd").iterdir()]
        leash.release()
    finally:
        zygote.close()
    assert held == ["3"]


async def test_without_confinement_programs_run_only_when_somebody_opted_out(now):
    programs = ConfinedPrograms(mode="off", limits=ProgramLimits(load_s=30, step_s=30))
    text = "def handle_steps(ctx):\n    os = __import__('warnings').sys.modules['os']\n"
    text += "    yield len(os.listdir('/')) > 0\n"
    try:
        program = await programs.start(ProgramSource("python", text), {}, seed="s")
        assert (await program.advance(None, now=now)).value is True
    finally:
        await programs.close()


def test_a_confinement_that_does_not_hold_is_found_by_trying():
    leaky = boundary("off", ProgramLimits(), typescript=False)
    zygote = Zygote({**leaky, "confined": True, "handled": [0, 0, 0], "calls": ""})
    with pytest.raises(SandboxUnavailable, match="CALLBOARD_SANDBOX=off"):
        zygote.worker()
    assert zygote.pid is None
    zygote.close()


def test_refusing_says_how_to_opt_out():
    error = confinement.unavailable("no landlock")
    assert isinstance(error, SandboxUnavailable)
    assert "no landlock" in str(error)
    assert "CALLBOARD_SANDBOX=off" in str(error)


async def test_a_python_that_cannot_be_confined_says_why(now):
    broken = boundary("required", ProgramLimits(), typescript=False)
    zygote = Zygote({**broken, "memory": 1 << 10})
    with pytest.raises(SandboxUnavailable, match="trial failed"):
        await asyncio.to_thread(zygote.worker)
