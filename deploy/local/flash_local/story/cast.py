"""Who plays in one telling of the story: the personas, some employees, and two newcomers of this telling alone.

A telling on kept data has another number, so its newcomers and its program are new and nobody's month is used up.
"""

from dataclasses import dataclass
from random import Random

from flash_local.organisation import SALES, SEED, Employee, people

EMPLOYEES = 2_000
PROFILES = 40
PAIRS = 4


@dataclass(frozen=True)
class Cast:
    """The employees of a telling. `number` rises from one telling to the next."""

    number: int
    company: list[Employee]
    profiled: list[Employee]
    newcomer: Employee
    leaver: Employee

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Logins of learners and mentors who meet in the background; the first mentor is the one who will leave."""
        logins = [employee.number for employee in self.profiled]
        mentors = [self.leaver.number, *logins[1::2]]
        return list(zip(logins[::2], mentors, strict=False))[:PAIRS]


def cast(number: int) -> Cast:
    """The cast of this telling; the company is the same in all of them."""
    company = people(EMPLOYEES)
    sales = [employee for employee in company if employee.unit.startswith(SALES)]
    others = [employee for employee in company if not employee.unit.startswith(SALES)]
    chosen = Random(SEED)  # noqa: S311 - fiction, no secret
    profiled = [*chosen.sample(sales, PROFILES // 2), *chosen.sample(others, PROFILES // 2)]
    newcomer = Employee(f"N{number}", "Νεφέλη Παπαδοπούλου", "Specialist", 5, "Lisbon", f"{SALES}-2-N-1")
    leaver = Employee(f"L{number}", "김하늘", "Consultant", 6, "Singapore", f"{SALES}-0-S-2")
    return Cast(number, company, profiled, newcomer, leaver)
