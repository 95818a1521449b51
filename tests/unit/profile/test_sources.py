"""HR and a person never overwrite each other, whatever the order of what they say, and each field says since when."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from profile_service.hr import Push, Result, SnapshotPart, parse
from profile_service.model import SOURCES, Declared, Organisation, Person, dated

FIRST_DAY = datetime(2026, 1, 1, 12, tzinfo=UTC)
HR_FACTS = ("name", "job_title", "job_level", "location")
SELF_FACTS = tuple(name for name, source in SOURCES.items() if source == "self" and name != "photo")

facts = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Nadia", "李秀英"]),
        "job_title": st.sampled_from(["Engineer", "Director"]),
        "job_level": st.integers(4, 6),
        "location": st.sampled_from(["Berlin", "Oslo"]),
    },
)
hr_events: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("person_changed"), facts),
    st.tuples(st.sampled_from(["person_left", "person_on_leave", "person_back", "person_joined"]), st.just({})),
)
edits = st.builds(
    Declared,
    bio=st.sampled_from(["", "me", "myself"]),
    languages=st.sampled_from([(), ("de",)]),
    can_help_with=st.sampled_from([(), ("reports",)]),
    time_zone=st.sampled_from([None, "Europe/Lisbon"]),
    preferred_formats=st.sampled_from([(), ("lunch",)]),
    visibility=st.sampled_from([{}, {"bio": "nobody"}]),
)
histories = st.lists(st.one_of(hr_events, edits), max_size=30)


class Told:
    """One person's history as both sides tell it, beside plain books of who said what and when."""

    def __init__(self) -> None:
        self.push = Push(Organisation([]), {}, [], set())
        self.sequence = 0
        self.hr: dict[str, Any] = {}
        self.own = Declared()
        self.days: dict[str, date] = {}
        self.from_hr({"type": "unit_upserted", "unit": "a", "name": "North"})
        self.join()

    @property
    def now(self) -> datetime:
        return FIRST_DAY + timedelta(days=self.sequence)

    @property
    def person(self) -> Person:
        person: Person = self.push.people._known["1"]
        return person

    def from_hr(self, raw: dict[str, Any]) -> Result:
        self.sequence += 1
        stamp = {"id": f"e{self.sequence}", "sequence": self.sequence, "time": self.now.isoformat()}
        event = parse({**stamp, **raw})
        assert not isinstance(event, Result | SnapshotPart), event
        return self.push.apply(event)

    def join(self) -> None:
        facts = {"name": "Somebody", "job_title": "Engineer", "job_level": 5, "location": "Berlin"}
        if self.from_hr({"type": "person_joined", "employee_number": "1", "unit": "a", **facts}).outcome == "applied":
            self.note(self.hr, facts)

    def change(self, type_: str, facts: dict[str, Any]) -> None:
        if type_ == "person_joined":
            self.join()
        elif self.from_hr({"type": type_, "employee_number": "1", **facts}).outcome == "applied":
            self.note(self.hr, facts)

    def edit(self, declared: Declared) -> None:
        self.sequence += 1
        self.note(dict(self.own), dict(declared))
        self.own = declared
        before = self.person
        edited = dated(before, replace(before, declared=declared), self.now.date())
        self.push.people._known["1"] = edited

    def note(self, known: dict[str, Any], said: dict[str, Any]) -> None:
        changed = [name for name, value in said.items() if name not in known or known[name] != value]
        self.days.update(dict.fromkeys(changed, self.now.date()))
        known.update(said)


@settings(deadline=None)
@given(histories)
def test_neither_side_ever_overwrites_the_other(history: list[Any]) -> None:
    told = Told()
    for step in history:
        if isinstance(step, Declared):
            told.edit(step)
        else:
            told.change(*step)
        assert told.person.declared == told.own
        assert {name: getattr(told.person, name) for name in HR_FACTS} == told.hr
        for name in (*HR_FACTS, *SELF_FACTS):
            assert told.person.changed_on.get(name) == told.days.get(name), name
