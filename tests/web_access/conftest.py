import sys
from contextlib import asynccontextmanager

import pytest

from callboard.sandbox.workspaces import open_workspaces
from callboard.testing.model.loopback import LoopbackSite, Reply
from callboard.web_access.egress.policy import EgressPolicy
from callboard.web_access.fetching.fetcher import HttpFetcher


async def known(host, port):
    """A resolver that knows two names of this machine and one of everybody's, and nothing else."""
    names = {"site.test": "127.0.0.1", "inside.test": "10.1.2.3", "public.test": "93.184.216.34"}
    if host not in names:
        raise OSError("unknown")
    return (names[host],)


def html(text, **headers):
    return Reply([text.encode()], headers={"Content-Type": "text/html; charset=utf-8", **headers})


@asynccontextmanager
async def fetching(pages, allow=("127.0.0.1",), resolve=known):
    """A site of these pages and a fetcher that may reach it."""
    async with LoopbackSite(pages) as site:
        yield site, HttpFetcher(EgressPolicy(allow, resolve))


@pytest.fixture
def root(tmp_path):
    place = tmp_path / "place" / "project"
    place.mkdir(parents=True)
    return place


@pytest.fixture
async def workspace(tmp_path, root, anyio_backend):
    pythons = (sys.prefix, sys.base_prefix)
    opened = await open_workspaces(tmp_path / "state", read_only=pythons).open(str(root))
    yield opened
    await opened.close()
