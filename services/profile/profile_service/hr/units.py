"""What HR's events do to the tree of units. Pure.

An event takes its place in its unit's history: what it says holds where nothing newer is known. Units have no order
among each other, so an event that names a closed unit is taken when it happened before the closing.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from profile_service.hr.events import HrEvent, UnitClosed, UnitMoved, UnitRenamed, UnitUpserted
from profile_service.hr.outcomes import Older, Refusal
from profile_service.model import Order, Orders, Organisation, Unit

MAX_DEPTH = 20
OPEN = "open"
"""How new the newest word is by which a unit is open."""


class Units:
    """The tree while events are applied to it; `changed` are the units to keep, `moved` those whose people follow."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.changed: dict[UUID, Unit] = {}
        self.moved: list[UUID] = []

    def named(self, code: str, field: str, event: HrEvent) -> Unit:
        """The unit that an event names and that was open then. Raises Refusal."""
        unit = self.organisation.coded(code)
        if unit is None or (unit.closed and event.order.at_us >= _orders(unit).of("closed").at_us):
            raise Refusal(field, "there is no such open unit; push the unit first")
        return unit

    def upsert(self, event: UnitUpserted) -> Unit:
        """Made, changed or opened again. Raises Older, Refusal."""
        known = self.organisation.coded(event.unit)
        if known is None:
            parent_id = self._parent(event.parent, event, None)
            made = Unit(uuid4(), event.unit, event.name, parent_id, closed=False, sequence=event.number)
            return self._keep(replace(made, hr_orders=Orders(event.order)))
        facts = {"name": event.name, "parent": event.parent, "closed": False}
        return self._told(known, event, facts, _orders(known).raised_whole(event.order))

    def rename(self, event: UnitRenamed) -> Unit:
        """Raises Older, Refusal."""
        return self._told_open(event, {"name": event.name})

    def move(self, event: UnitMoved) -> Unit:
        """Raises Older, Refusal."""
        return self._told_open(event, {"parent": event.parent})

    def close(self, event: UnitClosed) -> Unit:
        """Raises Older, Refusal."""
        known = self._known(event.unit)
        orders = _orders(known)
        if not (event.order.after(orders.of("closed")) and event.order.after(orders.of(OPEN))):
            raise Older
        if known.closed:
            raise Refusal("unit", "there is no such open unit; push the unit first")
        if not all(child.closed for child in self.organisation.children(known.unit_id)):
            raise Refusal("unit", "it still has open units under it")
        return self._told(known, event, {"closed": True}, orders.raised(event.order, ["closed"]))

    def _told_open(self, event: UnitRenamed | UnitMoved, facts: dict[str, Any]) -> Unit:
        known = self._known(event.unit)
        orders = _orders(known)
        if known.closed and event.order.after(orders.of("closed")):
            raise Refusal("unit", "there is no such open unit; push the unit first")
        return self._told(known, event, facts, orders.raised(event.order, [*facts, OPEN]))

    def _known(self, code: str) -> Unit:
        unit = self.organisation.coded(code)
        if unit is None:
            raise Refusal("unit", "there is no such open unit; push the unit first")
        return unit

    def _told(self, known: Unit, event: HrEvent, facts: dict[str, Any], orders: Orders) -> Unit:
        """The unit with those facts that nothing newer contradicts."""
        before = _orders(known)
        newer = {part: value for part, value in facts.items() if event.order.after(before.of(part))}
        if not newer:
            raise Older
        if "parent" in newer:
            newer["parent_id"] = self._parent(newer.pop("parent"), event, known)
        sequence = max(known.sequence, event.number)
        unit = replace(known, **newer, sequence=sequence, hr_orders=orders)
        if (known.name, known.parent_id) != (unit.name, unit.parent_id):
            self.moved.append(unit.unit_id)
        return self._keep(unit)

    def _parent(self, code: str | None, event: HrEvent, child: Unit | None) -> UUID | None:
        if code is None:
            return None
        parent = self.named(code, "parent", event)
        if child and child.parent_id == parent.unit_id:
            return parent.unit_id
        if child and self.organisation.is_below(parent.unit_id, child.unit_id):
            raise Refusal("parent", "a unit cannot lie under itself")
        height = self.organisation.height(child.unit_id) if child else 1
        if self.organisation.depth(parent.unit_id) + height > MAX_DEPTH:
            raise Refusal("parent", f"the organisation is at most {MAX_DEPTH} levels deep")
        return parent.unit_id

    def _keep(self, unit: Unit) -> Unit:
        self.changed[unit.unit_id] = unit
        self.organisation.keep(unit)
        return unit


def _orders(unit: Unit) -> Orders:
    return unit.hr_orders or Orders(Order(unit.sequence, 0))
