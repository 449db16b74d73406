"""Pages and answers over HTTP say that a run was put away, and everything around it goes on."""

import pytest

from tests.archive.deployment import JANUARY
from tests.web.conftest import opened

pytestmark = pytest.mark.anyio
RUN = "AUTH-1-1"


@pytest.fixture
async def pages(there):
    await there.worked()
    there.later()
    await there.put()
    async with opened(there.app) as found:
        await found.sign_in("ada", "owner")
        yield found


@pytest.mark.parametrize(
    "path",
    [
        f"/runs/{RUN}",
        f"/runs/{RUN}/events/2",
        f"/runs/{RUN}/diff",
        f"/runs/{RUN}.write-1",
        "/tasks/AUTH-1",
        "/tasks/AUTH-1/runs/1",
    ],
)
async def test_a_page_of_what_was_put_away_says_so(pages, path):
    answer = await pages.get(path)
    assert answer.status_code == 410
    assert "This was put away" in answer.text
    assert f"callboard archive show {RUN}" in answer.text
    assert JANUARY in answer.text


@pytest.mark.parametrize("path", ["/", "/runs", "/tasks", "/inbox", "/agents", "/search?q=login"])
async def test_pages_around_it_go_on(pages, path):
    answer = await pages.get(path)
    assert answer.status_code in {200, 303}


@pytest.mark.parametrize("path", ["events", "diff", "verify"])
@pytest.mark.parametrize("accept", ["*/*", "text/event-stream"])
async def test_an_answer_to_a_program_says_so_too(pages, path, accept):
    answer = await pages.get(f"/api/v1/runs/{RUN}/{path}", accept=accept)
    assert answer.status_code == 410
    assert answer.json()["code"] == "run_archived"
    assert JANUARY in answer.json()["detail"]


async def test_a_program_still_finds_the_run_in_lists(pages):
    found = (await pages.get("/api/v1/runs")).json()["items"]
    assert RUN in [one["run_id"] for one in found]
    assert (await pages.get(f"/api/v1/runs/{RUN}")).status_code == 200
    assert (await pages.get("/api/v1/tasks/AUTH-1")).status_code == 200
    usage = await pages.get("/api/v1/usage")
    assert (usage.status_code, usage.json()["total"]["calls"]) == (200, 2)
