"""The tree of units. Step 3 of the write path: pure values in, pure values out."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from flash_schemas.profile import (
    UnitRef,
    UnitRule,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A node of the organisation; `code` is HR's own name for it and stays in this service."""

    unit_id: UUID
    code: str
    name: str
    parent_id: UUID | None
    closed: bool
    sequence: int


class Organisation:
    """The tree of units, by id."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.units = {unit.unit_id: unit for unit in units}

    def path(self, unit_id: UUID) -> tuple[UnitRef, ...]:
        """The units from the root to this one."""
        path: list[UnitRef] = []
        step: UUID | None = unit_id
        while step is not None:
            unit = self.units[step]
            path.append(UnitRef(unit_id=unit.unit_id, name=unit.name))
            step = unit.parent_id
        return tuple(reversed(path))

    def is_below(self, unit_id: UUID, ancestor_id: UUID) -> bool:
        """Whether a unit is another one or lies under it."""
        return any(ref.unit_id == ancestor_id for ref in self.path(unit_id))

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
        return [unit_id for unit_id in self.units if self.is_below(unit_id, ancestor_id)]
