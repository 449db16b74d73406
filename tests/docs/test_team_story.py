"""The example of a team at work does what it says, on real parts."""

import importlib.util
import sys

import pytest

from .pages import ROOT

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def _story():
    path = ROOT / "examples" / "team" / "story.py"
    spec = importlib.util.spec_from_file_location("team_story", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["team_story"] = module
    spec.loader.exec_module(module)
    return module


async def test_three_tasks_go_out_after_a_rejection_a_security_review_and_a_second_persons_sign_off(
    tmp_path,
):
    said = []
    outcomes = await _story().story(tmp_path, said.append)
    assert outcomes == {
        "PAY-1": "on branch callboard/pay-1-1-refund-a-payment",
        "PAY-2": "on branch callboard/pay-2-1-end-sessions-after-an-hour",
        "PAY-3": "on branch callboard/pay-3-1-tell-about-refunds-in-the-readme",
    }
    told = "\n".join(said)
    assert "PAY-1  review sends it back: A refund of -5 would charge the customer" in told
    assert "PAY-1  security is not needed: no changed file matches payments/auth/**" in told
    assert "PAY-2  security 1: Security Reviewer, version 1 (has security;" in told
    assert "PAY-1  review 2: Code Reviewer, version 1 (did it before)" in told
    assert "Mia makes version 2 of the reviewer live. It touches PAY-3, PAY-1, PAY-2." in told
    assert "PAY-3  review 1: Code Reviewer, version 2 (has review; preferred" in told
    assert "PAY-3  Tell about refunds in the README: Blocked by PAY-1" in told
    assert "Ann cannot let her own task out: ann had a hand in this work" in told
