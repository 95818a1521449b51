"""How new what is known is: HR's events come in any order, and each part of a subject keeps its newest. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Order(NamedTuple):
    """Where an event stands in its subject's history: the sender's count, and the time in microseconds since 1970."""

    sequence: int | None
    at_us: int

    def after(self, other: "Order") -> bool:
        """Whether this is newer; by time where one of the two has no sequence."""
        if self.sequence is not None and other.sequence is not None:
            return self.sequence > other.sequence
        return self.at_us > other.at_us


@dataclass(frozen=True, slots=True)
class Orders:
    """The order of the newest event about each part of a unit or a person; `base` holds for parts not in `parts`."""

    base: Order
    parts: Mapping[str, Order] = field(default_factory=dict)

    def of(self, part: str) -> Order:
        """The order of a part."""
        return self.parts.get(part, self.base)

    def raised(self, order: Order, parts: Collection[str]) -> "Orders":
        """With these parts at least as new as `order`."""
        raised = {part: order for part in parts if order.after(self.of(part))}
        return Orders(self.base, {**self.parts, **raised}) if raised else self

    def raised_whole(self, order: Order) -> "Orders":
        """With every part at least as new as `order`."""
        if not order.after(self.base):
            return self
        return Orders(order, {part: known for part, known in self.parts.items() if known.after(order)})
