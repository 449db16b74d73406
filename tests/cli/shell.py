"""A person at a shell: the installed command as real processes, and a model behind a real socket."""

import asyncio
import contextlib
import json
import os
import queue
import signal
import sqlite3
import subprocess
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from callboard.domain.usage import Usage
from callboard.testing.model import ScriptedCall, Turn
from callboard.testing.model.loopback import LoopbackEndpoint, Reply, Voice, reply_for
from tests.cli.warm import COMMAND, command_of, run_warm, start_warm

TIMEOUT_S = 120
CANARY = "sk-canary-3141592653"


def turn(**fields):
    """A turn of a few tokens."""
    return Turn.model_validate({"usage": Usage(input_tokens=10, output_tokens=5), **fields})


def say(text, **more):
    """A turn that says something."""
    return turn(text=text, **more)


def call(tool, call_id="c1", **arguments):
    return ScriptedCall(tool=tool, arguments=arguments, call_id=call_id)


def calls(*made, **more):
    return turn(calls=made, **more)


def command(line, call_id="c1", **more):
    return calls(call("run_terminal_command", call_id, command=line, **more))


HANG = Reply(then="hang")


class Model:
    """An endpoint in a thread of its own."""

    def __init__(self, voice: Voice = "chat"):
        self._voice: Voice = voice
        self._loop = asyncio.new_event_loop()
        self._endpoint = LoopbackEndpoint()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._do(self._endpoint.__aenter__()).result(TIMEOUT_S)
        return self

    def __exit__(self, *_):
        self._do(self._endpoint.__aexit__(None, None, None)).result(TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT_S)
        self._loop.close()

    def _do(self, coroutine) -> "Future[object]":
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    @property
    def url(self):
        return self._endpoint.url

    @property
    def received(self):
        return self._endpoint.received

    def will(self, *turns):
        """Answer with turns, or replies as they are, after those promised before."""
        replies = [
            turn if isinstance(turn, Reply) else reply_for(turn, self._voice) for turn in turns
        ]
        self._endpoint.will(*replies)
        return self

    def wait_until_asked(self):
        """Wait until a reply that hangs was begun since the last time."""

        async def hanging():
            await self._endpoint.hanging.wait()
            self._endpoint.hanging.clear()

        self._do(hanging()).result(TIMEOUT_S)

    def last_messages(self):
        return self.received[-1].json["messages"]

    def last_text(self):
        return json.dumps(self.last_messages(), ensure_ascii=False)


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def events(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def types(self):
        return [event["type"] for event in self.events]


class Running:
    """A process whose output is read line by line, each within a bounded time."""

    def __init__(self, process):
        self.process = process
        self._lines = queue.Queue()
        self.seen = []
        self._err = []
        self._readers = [
            threading.Thread(target=self._read_lines, daemon=True),
            threading.Thread(target=self._read_err, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_lines(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _read_err(self):
        self._err.append(self.process.stderr.read())

    def line(self):
        """Return the next line of stdout."""
        line = self._lines.get(timeout=TIMEOUT_S)
        assert line is not None, f"it ended: {self.finish()}"
        self.seen.append(line)
        return line

    def until(self, event_type):
        """Read events up to one of a type, and return it."""
        while True:
            event = json.loads(self.line())
            if event["type"] == event_type:
                return event

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.finish()

    def kill(self):
        """End it as a power cut would."""
        self.process.kill()
        return self.finish()

    def finish(self):
        """Return how it ended, with everything that it printed."""
        code = self.process.wait(TIMEOUT_S)
        for reader in self._readers:
            reader.join(TIMEOUT_S)
        while (line := self._lines.get(timeout=TIMEOUT_S)) is not None:
            self.seen.append(line)
        self._lines.put(None)
        self.process.stdout.close()
        self.process.stderr.close()
        return Done(code, "".join(self.seen), "".join(self._err))


def run_cold(arguments, environ, directory, given, timeout_s):
    """Run the installed command to its end; return its code, its stdout and its stderr."""
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=directory,
        env=environ,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def start_cold(arguments, environ, directory):
    """Start the installed command."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=directory,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


@dataclass
class Shell:
    """A home and a workspace of one's own.

    Commands are forked from a process that has read the modules already. Where `cold`, they are the installed command: for
    tests of what others see of a process.
    """

    home: Path
    workspace: Path
    env: dict[str, str] = field(default_factory=dict)
    started: list[Running] = field(default_factory=list)
    cold: bool = False

    def environ(self, **env):
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        own = {"CALLBOARD_HOME": str(self.home), "CALLBOARD_USER": "ann", **self.env, **env}
        return plain | {name: value for name, value in own.items() if value is not None}

    def __call__(self, *arguments, given=None, **env):
        """Run the command to its end, with bytes given on its stdin."""
        arguments, environ = [str(one) for one in arguments], self.environ(**env)
        run = run_cold if self.cold else run_warm
        done = Done(*run(arguments, environ, self.workspace, given, TIMEOUT_S))
        assert "Traceback" not in done.err, done.err
        return done

    def start(self, *arguments, **env):
        """Start the command."""
        arguments, environ = [str(one) for one in arguments], self.environ(**env)
        if self.cold:
            process = start_cold(arguments, environ, self.workspace)
        else:
            process = start_warm(command_of(arguments), environ, self.workspace)
        running = Running(process)
        self.started.append(running)
        return running

    def end_all(self):
        for running in self.started:
            if running.process.poll() is None:
                running.kill()

    def agent(self, name="helper", *, folder=None, **fields):
        """Define an agent in the workspace."""
        place = folder or self.workspace / ".agents"
        place.mkdir(parents=True, exist_ok=True)
        definition = {"id": name, "displayName": name.title(), "model": "acme/model-1", **fields}
        (place / f"{name}.yaml").write_text(yaml.safe_dump(definition))
        return name

    @contextlib.contextmanager
    def database(self):
        """Open the database itself."""
        connection = sqlite3.connect(self.home / "callboard.db", timeout=TIMEOUT_S)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def stored(self, run_id):
        """Return the events of a run as they are in the file right now."""
        with self.database() as db:
            found = db.execute("SELECT body FROM event WHERE run_id = ? ORDER BY seq", [run_id])
            return [json.loads(body) for (body,) in found]
