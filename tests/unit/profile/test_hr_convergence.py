"""HR's events in any order, doubled, and overlapped by a snapshot, end where they end when they come in order.

A history is made of what applies when it comes in order, as of an HR system that never contradicts itself. Whoever
sends repeats what was refused, until nothing more is let in.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from profile_service.hr import ListedPerson, ListedUnit, PersonEvent, Push, Result, Snapshot, UnitEvent, depths, parse
from profile_service.model import Organisation, Person

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
UNITS, PEOPLE = ("a", "b", "c", "d", "e"), ("1", "2", "3")
LIMIT = 2

some_unit, somebody = st.sampled_from(UNITS), st.sampled_from(PEOPLE)
words = st.sampled_from(["North", "South", "East"])
facts = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("unit_upserted"), "unit": some_unit, "name": words}, optional={"parent": some_unit}
    ),
    st.fixed_dictionaries({"type": st.just("unit_renamed"), "unit": some_unit, "name": words}),
    st.fixed_dictionaries({"type": st.just("unit_moved"), "unit": some_unit, "parent": st.none() | some_unit}),
    st.fixed_dictionaries({"type": st.just("unit_closed"), "unit": some_unit}),
    st.fixed_dictionaries(
        {
            "type": st.just("person_joined"),
            "employee_number": somebody,
            "name": words,
            "job_title": words,
            "job_level": st.integers(1, 3),
            "location": words,
            "unit": some_unit,
        },
        optional={"manager": somebody},
    ),
    st.fixed_dictionaries(
        {"type": st.just("person_changed"), "employee_number": somebody},
        optional={"location": words, "job_title": words, "manager": st.none() | somebody},
    ),
    st.fixed_dictionaries({"type": st.just("person_moved"), "employee_number": somebody, "unit": some_unit}),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["person_left", "person_on_leave", "person_back"]),
            "employee_number": somebody,
        }
    ),
)
Told = UnitEvent | PersonEvent


@dataclass
class World:
    """Everything known, while events come in."""

    push: Push = field(default_factory=lambda: Push(Organisation([]), {}, [], set()))

    def take(self, event: Told) -> Result:
        before = self.state()
        result = self.push.apply(event)
        assert result.outcome == "applied" or self.state() == before, "whole or not at all"
        self.check_tree()
        return result

    def people(self) -> list[Person]:
        return list(self.push.people.changed.values())

    def state(self) -> dict[str, Any]:
        """All that HR said, by HR's names."""
        units = self.push.units.organisation.units
        numbers = {person.person_id: person.employee_number for person in self.people()}
        numbers |= {person_id: number for number, person_id in self.push.people.expected.items()}
        return {
            **{
                unit.code: (unit.name, units[unit.parent_id].code if unit.parent_id else None, unit.closed)
                for unit in units.values()
            },
            **{
                one.employee_number: (
                    *(one.name, one.job_title, one.job_level, one.location, one.status),
                    units[one.unit_id].code,
                    numbers[one.manager_id] if one.manager_id else None,
                )
                for one in self.people()
            },
        }

    def check_tree(self) -> None:
        """Everything has a way to a root, and everybody one to somebody without a manager."""
        organisation = self.push.units.organisation
        managers = {person.person_id: person.manager_id for person in self.people()}
        for unit_id, unit in organisation.units.items():
            steps, step = 0, unit.parent_id
            while step:
                step, steps = organisation.units[step].parent_id, steps + 1
                assert steps <= len(organisation.units), f"{unit_id} lies under itself"
        for manager_id in managers.values():
            steps, above = 0, manager_id
            while above:
                above, steps = managers.get(above), steps + 1
                assert steps <= len(managers), "somebody is their own manager"

    def take_snapshot(self, snapshot: Snapshot, state: dict[str, Any]) -> None:
        """As the background does, bit by bit."""
        units = [ListedUnit(unit=code, name=value[0], parent=value[1]) for code, value in _open_units(state).items()]
        listed = [_listed(number, value) for number, value in _present(state).items()]
        deep = depths({person.employee_number: person.manager for person in listed})
        in_turn = sorted(listed, key=lambda person: (deep[person.employee_number], person.employee_number))
        while snapshot.phase != "done":
            events: dict[str, Any] = {}
            if snapshot.phase == "units":
                events = {**snapshot.unit_events(units, LIMIT)}
            elif snapshot.phase == "people":
                done = ["", *(person.employee_number for person in in_turn)].index(snapshot.after)
                events = {**snapshot.person_events(in_turn[done : done + LIMIT])}
            elif snapshot.phase == "missing_people":
                gone = {person.employee_number for person in self.people() if person.status != "left"}
                missing = sorted(gone - {person.employee_number for person in listed})
                events = {**snapshot.left_events([n for n in missing if n > snapshot.after][:LIMIT])}
            else:
                codes = {unit.unit for unit in units}
                events = {**snapshot.closed_events(codes, self.push.units.organisation, LIMIT)}
            results = [self.take(event) for event in events.values()]
            snapshot = snapshot.advanced(events, results, finished=len(events) < LIMIT)


def _open_units(state: dict[str, Any]) -> dict[str, Any]:
    return {code: value for code, value in state.items() if code in UNITS and not value[2]}


def _listable(state: dict[str, Any]) -> dict[str, Any]:
    """Without those who are still in a closed unit: a list of open units has no place for them."""
    places = _open_units(state)
    return {name: value for name, value in state.items() if name in UNITS or value[5] in places}


def _present(state: dict[str, Any]) -> dict[str, Any]:
    return {number: value for number, value in state.items() if number in PEOPLE and value[4] != "left"}


def _listed(number: str, value: Any) -> ListedPerson:
    return ListedPerson(
        employee_number=number,
        name=value[0],
        job_title=value[1],
        job_level=value[2],
        location=value[3],
        status=value[4],
        unit=value[5],
        manager=value[6],
    )


def _event(fact: dict[str, Any], number: int, counting: str) -> Told:
    counts = {"all subjects": number, "each subject": number * 7 + len(fact["type"]), "by time": None}
    event = parse({**fact, "id": f"e{number}", "sequence": counts[counting], "time": _time(number).isoformat()})
    assert isinstance(event, UnitEvent | PersonEvent)
    return event


def _time(number: int) -> datetime:
    return START + timedelta(minutes=number)


def _history(raw: list[dict[str, Any]], counting: str) -> tuple[list[Told], list[dict[str, Any]]]:
    """The events that apply in order, and the state after each."""
    world, history, states = World(), [], []
    for number, fact in enumerate(raw, 1):
        event = _event(fact, number, counting)
        if world.take(event).outcome == "applied":
            history.append(event)
            states.append(world.state())
    return history, states


def _deliver(world: World, events: list[Told]) -> None:
    """In this order; what is refused is sent again while that lets anything in."""
    waiting, before = events, len(events) + 1
    while len(waiting) < before:
        before = len(waiting)
        waiting = [event for event in waiting if world.take(event).outcome == "refused"]


# Most facts need a place and a person; of whom nothing is told there is nothing to overtake.
FIRST = [
    {"type": "unit_upserted", "unit": "a", "name": "North"},
    {"type": "person_joined", "employee_number": "1", "name": "North", "job_title": "North", "job_level": 1}
    | {"location": "North", "unit": "a"},
]
histories = st.lists(facts, min_size=4, max_size=25).map(lambda told: FIRST + told)
countings = st.sampled_from(["all subjects", "each subject", "by time"])


@given(histories, countings, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_events_in_any_order_and_doubled_end_where_they_end_in_order(
    raw: list[dict[str, Any]], counting: str, random: Random
) -> None:
    history, states = _history(raw, counting)
    shuffled = [*history, *random.choices(history, k=len(history))] if history else []
    random.shuffle(shuffled)
    world = World()
    _deliver(world, shuffled)
    assert world.state() == (states[-1] if states else {})


@given(histories, st.sampled_from(["all subjects", "by time"]), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_a_snapshot_anywhere_between_shuffled_events_changes_nothing_in_the_end(
    raw: list[dict[str, Any]], counting: str, random: Random
) -> None:
    history, states = _history(raw, counting)
    if not history:
        return
    taken = random.randrange(len(history))
    order = history[taken].order
    snapshot = Snapshot("", "s", order.sequence, history[taken].time + timedelta(seconds=1), phase="units")
    shuffled = random.sample(history, len(history))
    cut = random.randint(0, len(shuffled))
    world = World()
    _deliver(world, shuffled[:cut])
    world.take_snapshot(snapshot, states[taken])
    _deliver(world, shuffled)
    assert world.state() == states[-1]


@given(histories, histories, countings)
@settings(deadline=None, max_examples=40)
def test_a_snapshot_alone_makes_the_company_what_it_says(
    raw: list[dict[str, Any]], other: list[dict[str, Any]], counting: str
) -> None:
    _, wanted = _history(other, counting)
    world = World()
    _deliver(world, _history(raw, counting)[0])
    state = _listable(wanted[-1]) if wanted else {}
    later = _time(1_000)
    world.take_snapshot(Snapshot("", "s", 1_000 if counting != "by time" else None, later, phase="units"), state)
    assert _present(world.state()) == _present(state)
    assert _open_units(world.state()) == _open_units(state)
