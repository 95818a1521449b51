"""A fictional company as its HR platform would push it: units in five levels, and people with names in many scripts.

Everything follows from a seed, so every start pushes the same, and the platform ignores what it has seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from faker import Faker

SEED = 20_261_123
TIME = "2026-11-02T08:00:00Z"
ROOT = "AUR"
SALES = "AUR-SM"
PARTNERS = "AUR-EP"
LOCALES = ("en_GB", "de_DE", "pt_BR", "pl_PL", "tr_TR", "vi_VN", "zh_CN", "ja_JP", "ko_KR", "ar_EG", "el_GR", "hi_IN")
LOCATIONS = ("Berlin", "Lisbon", "Istanbul", "Singapore", "São Paulo")
TITLES = ("Analyst", "Engineer", "Consultant", "Coordinator", "Specialist", "Team Lead", "Manager", "Director")
DIVISIONS = {
    SALES: ("Sales and Marketing", ("Account Management", "Brand", "Customer Relations", "Inside Sales")),
    "AUR-EN": ("Engineering", ("Platform", "Products", "Quality", "Research")),
    "AUR-OP": ("Operations", ("Logistics", "Procurement", "Production", "Service Desk")),
    "AUR-FL": ("Finance and Legal", ("Accounting", "Controlling", "Legal", "Treasury")),
    "AUR-PC": ("People and Culture", ("Learning", "Payroll", "Recruiting", "Wellbeing")),
    PARTNERS: ("External Partners", ("Agencies", "Resellers")),
}
REGIONS, TEAMS = ("North", "South"), ("Team 1", "Team 2")


@dataclass(frozen=True)
class Employee:
    """Somebody as HR knows them."""

    number: str
    name: str
    job_title: str
    job_level: int
    location: str
    unit: str

    @property
    def email(self) -> str:
        """Where mail for them goes, if anywhere."""
        return f"{self.number.lower()}@aurora.example"

    def joined(self, sequence: int = 1) -> dict[str, Any]:
        """HR's event that they start."""
        return event(
            "person_joined",
            sequence,
            self.number,
            employee_number=self.number,
            name=self.name,
            job_title=self.job_title,
            job_level=self.job_level,
            location=self.location,
            unit=self.unit,
            email=self.email,
        )


def event(type_: str, sequence: int, subject: str, **facts: Any) -> dict[str, Any]:
    """An HR event; its id says what it is about, so that the same is never applied twice."""
    return {"type": type_, "id": f"{type_}:{subject}:{sequence}", "sequence": sequence, "time": TIME, **facts}


def unit(code: str, name: str, parent: str | None, sequence: int = 1) -> dict[str, Any]:
    """HR's event that a unit exists under this name."""
    return event("unit_upserted", sequence, code, unit=code, name=name, parent=parent)


def units() -> list[dict[str, Any]]:
    """All units, parents first."""
    return list(_tree())


def people(count: int) -> list[Employee]:
    """So many employees, spread over the smallest units of all divisions but the partners'."""
    random, namers = Random(SEED), [Faker(locale) for locale in LOCALES]  # noqa: S311 - fiction, no secret
    for number, namer in enumerate(namers):
        namer.seed_instance(SEED + number)
    teams = [each["unit"] for each in _tree() if each["unit"].count("-") == 4 and not each["unit"].startswith(PARTNERS)]
    return [_employee(number, random, namers, teams) for number in range(1, count + 1)]


def _employee(number: int, random: Random, namers: list[Faker], teams: list[str]) -> Employee:
    namer = namers[number % len(namers)]
    name = (
        f"{namer.last_name()}{namer.first_name()}"
        if _family_first(namer)
        else namer.first_name() + " " + namer.last_name()
    )
    level = random.choices(range(1, 13), weights=(9, 12, 14, 14, 12, 10, 8, 6, 4, 3, 2, 1))[0]
    title = TITLES[min(level * len(TITLES) // 13, len(TITLES) - 1)]
    return Employee(f"E{number:05d}", name, title, level, random.choice(LOCATIONS), random.choice(teams))


def _family_first(namer: Faker) -> bool:
    return namer.locales[0] in ("zh_CN", "ja_JP", "ko_KR")


def _tree() -> Iterator[dict[str, Any]]:
    yield unit(ROOT, "Aurora Group", None)
    for code, (name, departments) in DIVISIONS.items():
        yield unit(code, name, ROOT)
        for number, department in enumerate(departments):
            yield unit(f"{code}-{number}", department, code)
            for region in REGIONS:
                yield unit(f"{code}-{number}-{region[0]}", f"{department} {region}", f"{code}-{number}")
                for team in TEAMS:
                    parent = f"{code}-{number}-{region[0]}"
                    yield unit(f"{parent}-{team[-1]}", f"{department} {region} {team}", parent)
