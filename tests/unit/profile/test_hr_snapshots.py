"""A snapshot's parts as they come, the guard against a truncated one, and the order in which it takes effect."""

from typing import Any
from uuid import UUID

import pytest
from profile_service.hr import ListedUnit, Older, Refusal, Snapshot, SnapshotPart, depths, parse, received
from profile_service.hr.people import PRESENT
from profile_service.model import Order, Orders, Organisation, Unit


def part(number: int = 1, *, last: bool = True, snapshot: str = "s", sequence: int = 5, **values: Any) -> SnapshotPart:
    about = {"type": "snapshot", "id": f"{snapshot}-{number}", "time": "2026-11-02T09:00:00Z", "sequence": sequence}
    parsed = parse({**about, "snapshot": snapshot, "part": number, "last": last, **values})
    assert isinstance(parsed, SnapshotPart)
    return parsed


def taken(*parts: SnapshotPart) -> Snapshot:
    snapshot: Snapshot | None = None
    for each in parts:
        snapshot = received(snapshot, each)
    assert snapshot
    return snapshot


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1), (3, 2, 1, 1, 3)])
def test_it_is_judged_when_all_parts_are_here_in_whatever_order(order: tuple[int, ...]) -> None:
    parts = [part(number, last=number == 3) for number in order]
    whole_after = next(known for known in range(1, len(order) + 1) if len(set(order[:known])) == 3)
    for known in range(1, whole_after):
        assert taken(*parts[:known]).phase == "receiving"
    assert taken(*parts[:whole_after]).phase == "judging"


def test_a_part_after_the_last_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        taken(part(2, last=True), part(3, last=False))
    assert refusal.value.field == "part"


def test_a_newer_snapshot_takes_the_place_of_an_unfinished_one_and_an_older_does_not() -> None:
    unfinished = taken(part(1, last=False))
    assert received(unfinished, part(1, snapshot="t", sequence=6)).snapshot == "t"
    with pytest.raises(Older):
        received(unfinished, part(1, snapshot="t", sequence=5))


def test_a_snapshot_that_takes_effect_is_not_disturbed() -> None:
    running = taken(part()).judged(0, 10, 0.2)
    with pytest.raises(Older):
        received(running, part(1))
    with pytest.raises(Refusal):
        received(running, part(1, snapshot="t", sequence=6))


@pytest.mark.parametrize(("ending", "phase"), [(0, "units"), (20, "units"), (21, "refused"), (100, "refused")])
def test_it_may_end_so_many_people_and_no_more(ending: int, phase: str) -> None:
    assert taken(part()).judged(ending, 100, 0.2).phase == phase
    assert taken(part(confirmed=True)).judged(ending, 100, 0.2).phase == "units"


def test_it_ends_only_whom_nothing_newer_tells_of() -> None:
    snapshot, before, after = taken(part(sequence=5)), Order(4, 0), Order(6, 0)
    assert snapshot.ends(Orders(before))
    assert not snapshot.ends(Orders(after))
    assert not snapshot.ends(Orders(before).raised(after, ["status"]))
    assert not snapshot.ends(Orders(before).raised(after, [PRESENT]))


def test_a_refused_snapshot_is_judged_again_once_it_comes_whole_and_confirmed() -> None:
    refused = taken(part(1, last=False), part(2)).judged(100, 100, 0.2)
    half = received(refused, part(2, confirmed=True))
    assert (half.phase, half.parts) == ("receiving", (2,))
    again = received(half, part(1, last=False))
    assert (again.phase, again.reason, again.judged(100, 100, 0.2).phase) == ("judging", None, "units")


def test_parents_come_before_children_and_circles_last() -> None:
    listed = [
        ListedUnit(unit="c", name="C", parent="b"),
        ListedUnit(unit="x", name="X", parent="y"),
        ListedUnit(unit="y", name="Y", parent="x"),
        ListedUnit(unit="b", name="B", parent="a"),
        ListedUnit(unit="a", name="A", parent="not listed"),
    ]
    events = taken(part()).unit_events(listed, 10)
    assert [event.unit for event in events.values()] == ["a", "b", "c", "x", "y"]


def test_people_come_after_those_above_them_and_circles_last() -> None:
    above = {"1": "2", "2": "3", "3": None, "4": "not listed", "5": "6", "6": "5", "7": "7", "8": "5"}
    assert depths(above) == {"1": 2, "2": 1, "3": 0, "4": 0, "5": 9999, "6": 9999, "7": 9999, "8": 9999}


def test_missing_units_are_closed_from_the_lowest_upwards() -> None:
    root = Unit(_id(1), "a", "A", None, closed=False, sequence=1)
    below = Unit(_id(2), "b", "B", _id(1), closed=False, sequence=1)
    lowest = Unit(_id(3), "c", "C", _id(2), closed=False, sequence=1)
    events = taken(part()).closed_events({"a"}, Organisation([root, below, lowest]), 10)
    assert [event.unit for event in events.values()] == ["c", "b"]


def _id(number: int) -> UUID:
    return UUID(int=number)
