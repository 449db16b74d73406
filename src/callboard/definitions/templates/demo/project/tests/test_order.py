from tally.order import Line, total


def test_lines_are_added_up():
    assert total([Line("tea", 2, 3.50), Line("mug", 1, 9.00)]) == 16.00


def test_a_discount_is_taken_off():
    assert total([Line("lamp", 1, 80.00)], discount_percent=25) == 60.00


def test_half_a_cent_is_rounded_up():
    assert total([Line("bolt", 1, 0.25)], discount_percent=50) == 0.13
