"""What came to nothing is not tried again at once, what fails ever more rarely."""

from callboard.testing.clock import FakeClock
from callboard.usecases.patience import Patience


def patient():
    clock = FakeClock()
    return clock, Patience(clock, first_s=5.0)


def test_what_was_tried_is_tried_again_at_once_only_where_there_is_need():
    clock, patience = patient()
    assert patience.allows("r", needed=False)
    patience.tried("r")
    assert not patience.allows("r", needed=False)
    assert patience.allows("r", needed=True)
    clock.advance(5)
    assert patience.allows("r", needed=False)


def test_what_is_held_is_not_tried_whatever_the_need():
    clock, patience = patient()
    patience.hold("r", 2)
    assert not patience.allows("r", needed=True)
    assert patience.allows("another", needed=True)
    clock.advance(2)
    assert patience.allows("r", needed=True)


def test_what_fails_is_news_once_and_tried_ever_more_rarely():
    clock, patience = patient()
    assert patience.failed("r")
    waits = []
    for _ in range(12):
        waited = 0
        while not patience.allows("r", needed=True):
            clock.advance(1)
            waited += 1
        waits.append(waited)
        assert not patience.failed("r")
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5, 600)


def test_what_went_on_is_tried_as_if_nothing_had_been():
    _, patience = patient()
    patience.failed("r")
    patience.went_on("r")
    assert patience.allows("r", needed=True)
    assert patience.failed("r")


def test_what_cannot_be_recorded_is_tried_a_little_more_rarely_each_time_and_forgotten_once_it_can():
    clock, patience = patient()
    waits = []
    for _ in range(9):
        patience.was_away("r")
        waited = 0
        while not patience.allows("r", needed=True):
            clock.advance(1)
            waited += 1
        waits.append(waited)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    patience.went_on("r")
    patience.was_away("r")
    clock.advance(1)
    assert patience.allows("r", needed=True)
