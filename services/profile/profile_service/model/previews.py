"""The rule of how far a count of people is broken down. A step of the read path: pure."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

SMALLEST_GROUP = 5
MOST_GROUPS = 100

KeyT = TypeVar("KeyT", bound=Hashable)


def broken_down(people: Mapping[KeyT, int]) -> tuple[dict[KeyT, int], int]:
    """The groups that may be shown, largest first, and how many people are in all the others together.

    The total is shown, so what is left out can be had by subtraction: it is never a small group. At most 100 groups.
    """
    ordered = sorted(people.items(), key=lambda item: (-item[1], str(item[0])))
    shown = [item for item in ordered if item[1] >= SMALLEST_GROUP][:MOST_GROUPS]
    others = sum(people.values()) - sum(size for _, size in shown)
    if 0 < others < SMALLEST_GROUP and shown:
        others += shown.pop()[1]
    return dict(shown), others


def shown_count(people: int) -> int | None:
    """A count of people as it may be shown: none of 1 to 4."""
    return None if 0 < people < SMALLEST_GROUP else people
