"""What counts as standing still in silence, by looks at given moments."""

from tests.faults.silence import LOOK_TAKES_S, SPEAKS_WITHIN_S, Silence

LONG = SPEAKS_WITHIN_S + LOOK_TAKES_S + 1
PLACE = "search.people"


def test_whoever_stands_still_for_long_and_says_to_be_ready_is_found_once_each_time() -> None:
    silence = Silence()
    for now in (0, 1, LONG, LONG + 1):
        silence.take({PLACE: 7}, now)
    assert len(silence.found) == 1
    silence.take({PLACE: 7}, 2 * LONG + 1)
    assert len(silence.found) == 2


def test_getting_on_is_no_standing_still() -> None:
    silence = Silence()
    for position in range(5):
        silence.take({PLACE: position}, position * LONG)
    assert silence.found == []


def test_what_was_said_before_a_pause_counts_no_more() -> None:
    """Unready, down or with nothing to do: then it is not among the silent, and begins anew."""
    silence = Silence()
    for now, silent in ((0, {PLACE: 7}), (LONG, {}), (LONG + 1, {PLACE: 7}), (LONG + 2, {PLACE: 7})):
        silence.take(silent, now)
    assert silence.found == []
