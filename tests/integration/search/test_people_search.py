"""Searching people as a learner does, on a real index."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.profile import Experience, Participation, SkillChangedV1
from flash_schemas.search import SearchPerformedV1
from flash_schemas.session import Vacation
from search_service import store
from search_service.document import MAPPINGS, SETTINGS

from tests.integration.search.conftest import TODAY, World


@pytest.mark.parametrize("q", ["CRM - Salesforce", "salesforce crm", "SFDC", "who knows Salesfrce?"])
async def test_everyone_with_the_skill_is_found_however_it_is_typed(world: World, q: str) -> None:
    crm = await world.skill("CRM - Salesforce", "salesforce", "salesforce crm", "sfdc")
    await world.program()
    await world.say(world.person("Expert", (crm, 5)), world.person("Starter", (crm, 1)), world.person("Other"))
    await world.settle()
    assert await world.names(q) == ["Expert", "Starter"]


async def test_who_has_the_skill_comes_before_who_mentions_it(world: World) -> None:
    crm = await world.skill("CRM - Salesforce", "salesforce")
    await world.program()
    await world.say(
        world.person("Talker", bio="salesforce salesforce salesforce crm", can_help_with=("salesforce",)),
        world.person("Doer", (crm, 1)),
    )
    await world.settle()
    answer = await world.ask("salesforce")
    assert [item["name"] for item in answer["items"]] == ["Doer", "Talker"]
    assert answer["items"][0]["why"][0]["text"] == "CRM - Salesforce, level 1"
    assert answer["items"][1]["why"] == [] or answer["items"][1]["why"][0]["kind"] == "text"


async def test_a_department_in_the_sentence_narrows_the_result(world: World) -> None:
    crm = await world.skill("CRM - Salesforce")
    await world.program()
    await world.say(
        world.person("In", (crm, 3), units=("Aurora", "Sales and Marketing", "Customer Relations")),
        world.person("Out", (crm, 3), units=("Aurora", "Research")),
    )
    await world.settle()
    assert await world.names("someone in Sales and Marketing who knows CRM - Salesforce") == ["In"]
    assert await world.names("CRM - Salesforce", unit="Sales and Marketing") == ["In"]


async def test_facets_count_under_all_other_choices(world: World) -> None:
    crm, excel = await world.skill("CRM - Salesforce"), await world.skill("Excel")
    await world.program()
    await world.say(
        world.person("A", (crm, 3), location="Berlin"),
        world.person("B", (crm, 3), (excel, 2), location="Oslo"),
        world.person("C", (excel, 3), location="Oslo"),
    )
    await world.settle()
    answer = await world.ask(location="Oslo", skill="Excel")
    assert [item["name"] for item in answer["items"]] == ["C", "B"]
    counts = {facet["label"]: facet["count"] for facet in answer["facets"]["location"]}
    assert counts == {"Oslo": 2}
    skills = {facet["label"]: facet["count"] for facet in answer["facets"]["skill"]}
    assert skills == {"Excel": 2, "CRM - Salesforce": 1}


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


@pytest.mark.parametrize("q", ["李秀英", "秀英", "Öykü", "oyku", "Yılmaz", "محمد", "Nguyễn", "nguyen"])
async def test_names_in_any_script_are_found(world: World, q: str) -> None:
    await world.program()
    names = ["李秀英", "Öykü Yılmaz", "محمد الأحمد", "Nguyễn Văn An", "Smith"]
    await world.say(*(world.person(name) for name in names))
    await world.settle()
    found = await world.names(q)
    assert len(found) == 1
    assert found[0] != "Smith"


async def test_a_text_match_says_where_and_quotes_only_what_is_shown(world: World) -> None:
    await world.program(search=("bio", "experience"), show=("bio",))
    past = Experience(title="Beekeeper", since=TODAY)
    await world.say(world.person("Bee", bio="keeps honeybees", experience=(past,)))
    await world.settle()
    shown = (await world.ask("honeybees"))["items"][0]["why"]
    hidden = (await world.ask("beekeeper"))["items"][0]["why"]
    assert [(reason["field"], reason["text"]) for reason in shown] == [("bio", "keeps honeybees")]
    assert [(reason["field"], reason["text"]) for reason in hidden] == [("experience", "found in experience")]


async def test_pages_hold_everybody_once(world: World) -> None:
    await world.program()
    await world.say(*(world.person(f"Person {n}") for n in range(7)))
    await world.settle()
    found, cursor = [], None
    while True:
        page = await world.ask(limit=3, **({"cursor": cursor} if cursor else {}))
        found += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert sorted(found) == [f"Person {n}" for n in range(7)]


async def test_a_merged_skill_finds_those_who_claimed_the_old_one(world: World) -> None:
    old, new = await world.skill("Lotus"), await world.skill("Excel")
    await world.program()
    await world.say(world.person("Veteran", (old, 4)))
    await world.settle()
    await world.say(SkillChangedV1(skill_id=old, change="merged", label="Lotus", retired=True, merged_into=new))
    await world.settle()
    assert await world.names("excel") == ["Veteran"]


async def test_a_level_narrows_to_that_skill(world: World) -> None:
    crm, excel = await world.skill("CRM"), await world.skill("Excel")
    await world.program()
    await world.say(world.person("A", (crm, 2), (excel, 5)), world.person("B", (crm, 4)))
    await world.settle()
    assert await world.names(skill="CRM", level_min=3) == ["B"]
    assert (await world.ask(level_min=3, status=422))["errors"][0]["field"] == "level_min"
    assert (await world.ask(skill="Nonsense", status=422))["errors"][0]["field"] == "skill"


async def test_a_search_is_recorded_without_its_words(world: World) -> None:
    crm = await world.skill("CRM")
    await world.program()
    person = world.person("A", (crm, 2))
    await world.say(person)
    await world.settle()
    await world.ask("crm secretword", location="Berlin")
    (event, version), *more = await world.api.events(SearchPerformedV1)
    assert not more
    assert version == 1
    assert event == SearchPerformedV1(
        search_id=event.search_id,
        searcher_id=world.searcher_id,
        program_id=world.program_id,
        skill_ids=(crm,),
        filters=("location",),
        query_hash=event.query_hash,
        matching=1,
        available=1,
        shown=(person.person_id,),
    )
    assert "secretword" not in event.model_dump_json()


@pytest.mark.parametrize("q", ['" OR name:*', "a:b", "name:A AND NOT x", "A~5", "<script>", "a" * 256])
async def test_query_syntax_is_just_words(world: World, q: str) -> None:
    await world.program()
    await world.say(world.person("Zo"))
    await world.settle()
    assert await world.names(q) == []


@pytest.mark.parametrize("q", ["", "(((", "*", "\\", "{}", "who knows"])
async def test_a_query_that_says_nothing_lists_everybody(world: World, q: str) -> None:
    await world.program()
    await world.say(world.person("Zo"))
    await world.settle()
    assert await world.names(q) == ["Zo"]


async def test_without_opensearch_the_answer_says_so(world: World) -> None:
    await world.program()
    await world.settle()
    await world.index.client.indices.delete(index=f"{world.index.alias}-*")
    assert (await world.ask(status=503))["title"] == "Not available at the moment"


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


async def test_an_index_of_an_older_release_learns_the_fields_that_came_since(world: World) -> None:
    await world.program()
    known = {name: kind for name, kind in MAPPINGS["properties"].items() if name != "pauses"}  # type: ignore[attr-defined] # a mapping
    name = f"{world.index.alias}-1"
    body = {"settings": SETTINGS, "mappings": {**MAPPINGS, "properties": known}}
    await world.index.client.indices.create(index=name, body=body)
    await world.index.show(name)
    async with world.database.transaction() as transaction:
        await store.set_generations(transaction, {"live": name})
    assert (await world.ask())["items"] == []
    await world.say(world.person("New"))
    await world.settle()
    assert await world.names() == ["New"]


@pytest.mark.parametrize(
    ("field", "value", "q", "words"),
    [
        ("location", "São Paulo", "sao paulo", "São Paulo"),
        ("languages", ("Português", "English"), "portuges", "Português"),
        ("job_level", 17, "17", "17"),
    ],
)
async def test_place_languages_and_level_are_searched_by_their_words_where_they_are_chosen(
    world: World, field: str, value: Any, q: str, words: str
) -> None:
    await world.program(search=(field,), show=())
    await world.say(world.person("Meant", **{field: value}), world.person("Other"))
    await world.settle()
    (item,) = (await world.ask(q))["items"]
    assert (item["name"], item["why"][0]["field"], item["why"][0]["text"]) == ("Meant", field, f"found in {field}")
    await world.program(search=(field,), show=(field,))
    assert (await world.ask(q))["items"][0]["why"][0]["text"] == words
    await world.program(search=("bio",), show=(field,))
    assert await world.names(q) == []
