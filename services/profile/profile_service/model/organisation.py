"""The tree of units. Step 3 of the write path: pure values in, pure values out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from flash_schemas.profile import (
    UnitRef,
    UnitRule,
)

from profile_service.model.orders import Orders


@dataclass(frozen=True, slots=True)
class Unit:
    """A node of the organisation; `code` is HR's own name for it and stays in this service, as `hr_orders` do."""

    unit_id: UUID
    code: str
    name: str
    parent_id: UUID | None
    closed: bool
    sequence: int
    hr_orders: Orders | None = None


class Organisation:
    """The tree of units, by id."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.units = {unit.unit_id: unit for unit in units}
        self._by_code = {unit.code: unit for unit in self.units.values()}
        self._paths: dict[UUID, tuple[UnitRef, ...]] = {}
        self._children: defaultdict[UUID | None, set[UUID]] = defaultdict(set)
        for unit in self.units.values():
            self._children[unit.parent_id].add(unit.unit_id)

    def keep(self, unit: Unit) -> None:
        """Put a unit in, or in the place of what it was."""
        known = self.units.get(unit.unit_id)
        if known and (known.name, known.parent_id) != (unit.name, unit.parent_id):
            self._children[known.parent_id].discard(unit.unit_id)
            self._paths.clear()
        self._children[unit.parent_id].add(unit.unit_id)
        self.units[unit.unit_id] = self._by_code[unit.code] = unit

    def coded(self, code: str) -> Unit | None:
        """The unit that HR calls so, which never changes."""
        return self._by_code.get(code)

    def children(self, unit_id: UUID) -> list[Unit]:
        """The units right under this one."""
        return [self.units[child] for child in self._children[unit_id]]

    def path(self, unit_id: UUID) -> tuple[UnitRef, ...]:
        """The units from the root to this one."""
        if unit_id not in self._paths:
            units = (self.units[step] for step in self._upwards(unit_id))
            path = [UnitRef(unit_id=unit.unit_id, name=unit.name) for unit in units]
            self._paths[unit_id] = tuple(reversed(path))
        return self._paths[unit_id]

    def depth(self, unit_id: UUID) -> int:
        """How many units there are from the root to this one; 1 for a root."""
        return sum(1 for _ in self._upwards(unit_id))

    def height(self, unit_id: UUID) -> int:
        """How many levels there are from this unit down to the lowest under it; 1 when nothing lies under it."""
        return max(map(self.depth, self.below(unit_id))) - self.depth(unit_id) + 1

    def is_below(self, unit_id: UUID, ancestor_id: UUID) -> bool:
        """Whether a unit is another one or lies under it."""
        return any(step == ancestor_id for step in self._upwards(unit_id))

    def of_rule(self, rules: Collection[UnitRule]) -> list[UUID]:
        """The units whose people a rule admits."""
        whole = {rule.unit_id for rule in rules if rule.with_sub_units}
        alone = {rule.unit_id for rule in rules if not rule.with_sub_units}
        return [
            unit_id
            for unit_id in self.units
            if unit_id in alone or any(ref.unit_id in whole for ref in self.path(unit_id))
        ]

    def below(self, ancestor_id: UUID) -> list[UUID]:
        """A unit and all that lie under it."""
        found = [ancestor_id] if ancestor_id in self.units else []
        for unit_id in found:  # grows while it is read: each unit brings its own
            found += self._children[unit_id]
        return found

    def _upwards(self, unit_id: UUID) -> Iterator[UUID]:
        step: UUID | None = unit_id
        while step is not None:
            yield step
            step = self.units[step].parent_id
