"""The same seed, clock and resumes give the same yields, in whatever process."""

import pytest

from callboard.sandbox.programs.pool import ConfinedPrograms

pytestmark = pytest.mark.anyio

PYTHON = """
import datetime, random, secrets, time, uuid
from random import Random, SystemRandom

def handle_steps(ctx):
    while True:
        yield {
            "time": [time.time(), time.time_ns(), time.monotonic(), time.perf_counter()],
            "read": [time.ctime(), time.strftime("%Y"), time.gmtime().tm_year, time.localtime().tm_sec],
            "dates": [str(datetime.datetime.now()), str(datetime.date.today())],
            "zones": [str(datetime.datetime.now(datetime.timezone.utc)), str(datetime.datetime.utcnow())],
            "dice": [random.random(), Random().random(), random.sample(range(99), 3), Random(1).random()],
            "secret": [SystemRandom().random(), secrets.token_hex(8), os_random(8)],
            "ids": [str(uuid.uuid4()), str(uuid.uuid1())],
            "sets": [list({"a", "b", "c", "d", ("x", 1)}), repr({b"x", b"y", 3.5}), hash("text")],
        }
        time.sleep(3600)

def os_random(size):
    return uuid.os.urandom(size).hex()
"""
JAVASCRIPT = """function* () {
    for (;;) yield [Date.now(), new Date().toString(), Math.random(), Math.random(), performance.now()]
}"""


@pytest.fixture(params=["python", "javascript"])
def text(request):
    return PYTHON if request.param == "python" else JAVASCRIPT


async def test_the_same_inputs_give_the_same_yields_in_another_zygote(patient, resume, text):
    ours = await patient.values(text, resume(), resume())
    other = ConfinedPrograms()
    try:
        theirs = await type(patient)(other).values(text, resume(), resume())
    finally:
        await other.close()
    assert ours == theirs


async def test_another_seed_gives_other_dice(patient, text):
    one, other = [await patient.first(text, seed=seed) for seed in ("a", "b")]
    dice = (lambda value: value["dice"][0]) if text is PYTHON else (lambda value: value[2])
    assert dice(one) != dice(other)


async def test_the_dice_are_not_cast_twice_alike(patient, resume, text):
    one, other = await patient.values(text, resume())
    dice = (lambda value: value["secret"]) if text is PYTHON else (lambda value: value[2])
    assert dice(one) != dice(other)


async def test_the_clock_is_the_hosts(patient, resume):
    first, second = await patient.values(PYTHON, resume())
    assert first["dates"] == ["2026-01-02 03:04:05.678901", "2026-01-02"]
    assert first["zones"][0] == "2026-01-02 03:04:05.678901+00:00"
    assert first["read"] == ["Fri Jan  2 03:04:05 2026", "2026", 2026, 5]
    assert (first["time"][2:], second["time"][2:]) == ([0, 0], [1, 1])
    assert second["time"][0] - first["time"][0] == pytest.approx(1)
