"""Every store with every way to hand out work, and workers as real processes."""

import asyncio
import importlib.util
import json
import os
import signal
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from benchmarks.staff import Plan, dismiss

from callboard.testing.postgres import PostgresServer
from tests.cli.warm import module_of, start_warm

PLACES = ("sqlite embedded", "postgres embedded", "postgres procrastinate", "postgres dbos")
ON_A_SERVER = PLACES[1:]
BOUND_S = 120


class Company:
    """The workers of a plan; whoever is left is dismissed in the end."""

    def __init__(self, plan, directory):
        self.plan = plan
        self.directory = directory
        self.workers = []

    def hire(self, **changes):
        """Start a worker, on a server as on a machine of its own."""
        home = self.plan.home
        if self.plan.url is not None:
            home = str(self.directory / f"machine{len(self.workers)}")
        self.workers.append(_hired(replace(self.plan, home=home, **changes)))
        return self.workers[-1]

    def end(self):
        """End all."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
            dismiss(worker, at_once=True)


def _hired(plan):
    """Start a worker as `benchmarks.staff.hire` does, but forked from a process that has read most modules already."""
    wish = module_of("benchmarks.staff", [json.dumps(asdict(plan))])
    worker = start_warm(wish, dict(os.environ), Path(__file__).parents[2], stderr=2)
    assert worker.stdout.readline(), f"a worker ended with {worker.wait()} before it was at work"
    return worker


@pytest.fixture(params=PLACES)
def plan(request, tmp_path):
    """A database, and how work is handed out."""
    store, dispatcher = request.param.split()
    if dispatcher == "dbos" and importlib.util.find_spec("dbos") is None:
        pytest.skip("needs the extra `dbos`")
    url = request.getfixturevalue("postgres_database") if store == "postgres" else None
    return Plan(home=str(tmp_path / "office"), url=url, dispatcher=dispatcher)


@pytest.fixture
def company(plan, tmp_path):
    """The workers."""
    company = Company(plan, tmp_path)
    yield company
    company.end()


@pytest.fixture
def own_server():
    """A server of the test's own, to be crashed."""
    server = PostgresServer.begin(in_memory=True)
    yield server
    server.remove()


async def asked(plan, count):
    """Wait until models were asked so often."""
    await until(lambda: _calls(plan.ledger) >= count)


async def until(holds):
    """Wait until something holds that other processes bring about."""
    async with asyncio.timeout(BOUND_S):
        while not holds():  # noqa: ASYNC110 - what another process does sets no event here
            await asyncio.sleep(0.02)


def _calls(ledger: Path):
    lines = ledger.read_text().splitlines() if ledger.exists() else []
    return sum(line.startswith("model ") for line in lines)
