"""Who is offered in a search, and who is not: only who can take a request, to whom takes part."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from flash_schemas.profile import Participation
from flash_schemas.session import Vacation

from tests.integration.search.conftest import TODAY, World


async def test_who_cannot_take_a_request_is_left_out_unless_asked_for(world: World) -> None:
    await world.program()
    people = {name: world.person(name) for name in ("free", "full", "paused", "back", "last-month", "none")}
    ids = {name: person.person_id for name, person in people.items()}
    await world.say(
        *people.values(),
        world.availability(ids["free"], 1),
        world.availability(ids["full"], 0),
        world.availability(ids["paused"], 2, paused_until=TODAY + timedelta(days=3)),
        world.availability(ids["back"], 2, paused_until=TODAY),
        world.availability(ids["last-month"], 0, month="2020-01"),
        world.availability(ids["none"], 0, capacity=0, month="2020-01"),
    )
    await world.settle()
    answer = await world.ask()
    assert {item["name"] for item in answer["items"]} == {"free", "back", "last-month"}
    assert (answer["matching"], answer["available"]) == (6, 3)
    everyone = (await world.ask(available="any"))["items"]
    assert {item["name"] for item in everyone if item["availability"]["available"]} == {"free", "back", "last-month"}
    assert len(everyone) == 6


async def test_who_is_away_silent_or_full_in_this_program_is_not_offered(world: World) -> None:
    await world.program()
    people = {name: world.person(name) for name in ("here", "away", "soon", "returned", "silent", "full-here")}
    ids = {name: person.person_id for name, person in people.items()}
    days = {name: TODAY + timedelta(days=count) for name, count in (("past", -9), ("tomorrow", 1), ("later", 9))}

    def away(starts_on: date, back_on: date) -> dict[str, tuple[Vacation]]:
        return {"vacations": (Vacation(starts_on=starts_on, back_on=back_on),)}

    await world.say(
        *people.values(),
        world.availability(ids["away"], 2, **away(TODAY, days["tomorrow"])),
        world.availability(ids["soon"], 2, **away(days["tomorrow"], days["later"])),
        world.availability(ids["returned"], 2, **away(days["past"], TODAY)),
        world.availability(ids["silent"], 2, silent=True),
        world.availability(ids["full-here"], 3, capacity=5, slots_used=2),
    )
    await world.settle()
    assert {item["name"] for item in (await world.ask())["items"]} == {"here", "soon", "returned"}
    everyone = {item["name"]: item["availability"] for item in (await world.ask(available="any"))["items"]}
    assert {name for name, told in everyone.items() if told["available"]} == {"here", "soon", "returned"}
    assert everyone["away"]["paused_until"] == str(days["tomorrow"])
    assert everyone["full-here"]["slots_left"] == 0
    await world.say(world.availability(ids["away"], 2), world.availability(ids["silent"], 1))
    await world.settle()
    assert {"away", "silent"} <= {item["name"] for item in (await world.ask())["items"]}, "and back at once"


async def test_availability_that_comes_before_the_profile_is_kept(world: World) -> None:
    await world.program()
    late = world.person("Late")
    await world.say(world.availability(late.person_id, 0))
    await world.hear(late, 1)
    await world.settle()
    assert await world.names() == []
    assert await world.names(available="any") == ["Late"]


async def test_an_outsider_and_a_stranger_to_the_program_find_nothing(world: World) -> None:
    await world.program()
    outsider = world.person("Outsider", participations=())
    await world.say(outsider, world.person("Insider"))
    await world.settle()
    assert (await world.ask(by=outsider.person_id, status=404))["status"] == 404
    await world.ask(by=uuid4(), status=404)
    assert await world.names() == ["Insider"]


async def test_nobody_finds_themselves_nor_learners_only(world: World) -> None:
    await world.program()
    me = world.person("Me")
    learner = world.person("Learner", participations=(Participation(program_id=world.program_id, roles=("learner",)),))
    await world.say(me, learner, world.person("Mentor"))
    await world.settle()
    found = await world.ask(by=me.person_id)
    assert [item["name"] for item in found["items"]] == ["Mentor"]
    assert found["facets"]["location"] == [{"value": "Berlin", "label": "Berlin", "count": 1}]


async def test_a_leaver_is_gone_and_an_older_event_does_not_bring_them_back(world: World) -> None:
    await world.program()
    person = world.person("Nadia")
    await world.say(person)
    await world.settle()
    assert await world.names() == ["Nadia"]
    await world.hear(world.person("Nadia", person_id=person.person_id, status="left"), 3)
    await world.hear(person, 2)
    await world.settle()
    assert await world.names() == []
    document = await world.index.client.get(index=world.index.alias, id=str(person.person_id))
    assert set(document["_source"]) == {"person_id", "deleted"}


async def test_a_mentor_who_rests_in_the_program_is_not_offered_until_the_first_day_back(world: World) -> None:
    await world.program()
    tomorrow, another = TODAY + timedelta(days=1), uuid4()

    def resting(program_id: UUID, role: str, day: date) -> tuple[Participation, ...]:
        here = {"program_id": world.program_id, "roles": ("learner", "mentor")}
        there = {"program_id": program_id, "roles": ("learner", "mentor"), "paused_until": {role: day}}
        parts = [there] if program_id == world.program_id else [here, there]
        return tuple(Participation.model_validate(part) for part in parts)

    await world.say(
        world.person("resting", participations=resting(world.program_id, "mentor", tomorrow)),
        world.person("back", participations=resting(world.program_id, "mentor", TODAY)),
        world.person("learner rests", participations=resting(world.program_id, "learner", tomorrow)),
        world.person("rests elsewhere", participations=resting(another, "mentor", tomorrow)),
    )
    await world.settle()
    answer = await world.ask()
    assert {item["name"] for item in answer["items"]} == {"back", "learner rests", "rests elsewhere"}
    assert (answer["matching"], answer["available"]) == (4, 3)
    everyone = {item["name"]: item["availability"] for item in (await world.ask(available="any"))["items"]}
    assert (everyone["resting"]["available"], everyone["resting"]["paused_until"]) == (False, str(tomorrow))
    assert everyone["rests elsewhere"]["paused_until"] is None


async def test_an_archived_program_is_searched_by_nobody(world: World) -> None:
    await world.program()
    async with world.database.transaction() as transaction:
        await transaction.execute('UPDATE program SET body = body || \'{"status": "archived"}\'')
    await world.ask(status=404)
