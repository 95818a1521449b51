"""Step 3 of the SCIM path: which unit a user's department is. Pure.

A department is a unit's code, or the name of one open unit. One that names no unit becomes a unit of its own under the
root, which HR may rename and move later; users without a department wait in such a unit, too.
"""

from typing import Any

from scim2_models import InvalidValueException

from profile_service.model import Organisation, Person, Unit

CODE_PREFIX = "scim:"
UNASSIGNED = "Unassigned"


class Departments:
    """The units, also by name."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._by_name: dict[str, set[str]] = {}
        for unit in organisation.units.values():
            self.add(unit)

    def add(self, unit: Unit) -> None:
        """A unit is new, or open again."""
        self._by_name.setdefault(unit.name.casefold(), set()).add(unit.code)

    def place(self, department: str | None, person: Person | None) -> tuple[str, list[dict[str, Any]]]:
        """The code of the unit that is meant, and the HR event that makes it when there is none.

        Raises InvalidValueException when several units are meant.
        """
        if department is None and person:
            present = self._organisation.units[person.unit_id]
            if person.status != "left" or not present.closed:
                return present.code, []
        name = department or UNASSIGNED
        code = CODE_PREFIX + name.casefold()
        known = next((each for each in (code, name) if self._open(each)), None) or self._named(name)
        return (known, []) if known else (code, [self._made(code, name)])

    def _named(self, name: str) -> str | None:
        codes = [code for code in self._by_name.get(name.casefold(), ()) if self._open(code)]
        if len(codes) > 1:
            raise InvalidValueException(detail=f"department: {len(codes)} units have this name; send a unit's code")
        return codes[0] if codes else None

    def _open(self, code: str) -> bool:
        unit = self._organisation.coded(code)
        return unit is not None and not unit.closed

    def _made(self, code: str, name: str) -> dict[str, Any]:
        roots = [unit.code for unit in self._organisation.units.values() if unit.parent_id is None and not unit.closed]
        parent = roots[0] if len(roots) == 1 else None
        return {"type": "unit_upserted", "unit": code, "name": name, "parent": parent}
