"""What somebody does not show to everyone can be found, counted, quoted or read through nothing, on a real index."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from flash_schemas.profile import SKILL_CONFIRMED_DAYS, Evidence, Experience, Skill, Visibility

from tests.integration.search.conftest import TODAY, World

FIELDS = ("languages", "experience", "bio", "can_help_with", "skills")
EVERYTHING = ("unit", "location", "job_title", "job_level", "languages", "experience", "bio", "can_help_with")


def word_of(name: str) -> str:
    """What this person's own words all begin with; their name does not hold it."""
    return f"w{name.casefold()[::-1]}"


async def open_program(world: World) -> None:
    """A program that offers every field in every way."""
    await world.program(filter=EVERYTHING, search=EVERYTHING, show=EVERYTHING)


async def somebody(world: World, name: str, **visibility: Visibility) -> Any:
    """A person who says one word of their own in each field."""
    word = word_of(name)
    skill_id = await world.skill(f"{word}-skill")
    claim = Skill(
        skill_id=skill_id,
        level=3,
        confirmed_on=TODAY,
        evidence=(f"{word}evidence",),
        typed_evidence=(Evidence(kind="project", text=f"{word}project"),),
    )
    return world.person(
        name,
        languages=(f"{word}language",),
        experience=(Experience(title=f"{word}experience", since=TODAY),),
        bio=f"{word}bio",
        can_help_with=(f"{word}help",),
        time_zone="Europe/Lisbon",
        skills=(claim,),
        visibility=visibility,
    )


WORDS = {"experience": "experience", "bio": "bio", "can_help_with": "help", "skills": "-skill"}


async def ways(world: World, name: str) -> dict[str, bool]:
    """For each field, whether it finds, counts or shows this person."""
    word = word_of(name)
    found = {field: name in await world.names(f"{word}{ending}") for field, ending in WORDS.items()}
    found["languages"] = name in await world.names(language=f"{word}language")
    found["skills"] |= name in await world.names(skill=f"{word}-skill")
    answer = await world.ask()
    (item,) = (item for item in answer["items"] if item["name"] == name)
    for field in ("languages", "bio", "can_help_with", "skills"):
        found[field] |= bool(item[field])
    for facet, field in (("language", "languages"), ("skill", "skills")):
        found[field] |= any(value["label"].startswith(word) for value in answer["facets"][facet])
    return found


@pytest.mark.parametrize("visibility", ["unit", "nobody"])
@pytest.mark.parametrize("hidden", FIELDS)
async def test_a_field_not_shown_to_everyone_leaks_through_nothing(
    world: World, hidden: str, visibility: Visibility
) -> None:
    await open_program(world)
    await world.say(await somebody(world, "Shy", **{hidden: visibility}), await somebody(world, "Frank"))
    await world.settle()
    assert await ways(world, "Frank") == dict.fromkeys(FIELDS, True)
    assert await ways(world, "Shy") == {field: field != hidden for field in FIELDS}


async def test_nothing_of_a_hidden_field_is_in_the_answer_or_in_the_index(world: World) -> None:
    await open_program(world)
    hidden: dict[str, Visibility] = dict.fromkeys(FIELDS, "unit")
    shown: dict[str, Visibility] = {}
    for name, visibility in (("Shy", hidden), ("Frank", shown)):
        person, word = await somebody(world, name, **visibility), word_of(name)
        await world.say(person)
        await world.settle()
        answer = await world.ask()
        document = await world.index.client.get(index=world.index.alias, id=str(person.person_id))
        for text in (json.dumps(document["_source"]), json.dumps([answer["items"], answer["facets"]])):
            assert (word in text) is (name == "Frank")


async def test_what_a_skill_comes_from_is_not_kept_for_search(world: World) -> None:
    await open_program(world)
    frank, word = await somebody(world, "Frank"), word_of("Frank")
    await world.say(frank)
    await world.settle()
    for ending in ("evidence", "project"):
        assert await world.names(f"{word}{ending}") == []
    async with world.database.connection() as connection:
        kept = await connection.fetchval("SELECT profile::text FROM person WHERE person_id = $1", frank.person_id)
    assert f"{word}bio" in kept
    assert not [hidden for hidden in (f"{word}evidence", f"{word}project", "Lisbon") if hidden in kept]


async def test_a_field_hidden_later_is_gone_and_one_shown_again_is_back(world: World) -> None:
    await open_program(world)
    frank = await somebody(world, "Frank")
    for visibility, found in (("everyone", True), ("unit", False), ("everyone", True), ("nobody", False)):
        hidden = dict.fromkeys(FIELDS, visibility)
        await world.say(frank.model_copy(update={"visibility": hidden}))
        await world.settle()
        assert await ways(world, "Frank") == dict.fromkeys(FIELDS, found), visibility


@pytest.mark.parametrize(("days", "stale"), [(SKILL_CONFIRMED_DAYS, False), (SKILL_CONFIRMED_DAYS + 2, True)])
async def test_a_skill_not_confirmed_for_long_is_marked(world: World, days: int, stale: bool) -> None:
    crm = await world.skill("CRM")
    await world.program()
    confirmed_on: date = TODAY - timedelta(days=days)
    await world.say(world.person("A", skills=(Skill(skill_id=crm, level=2, confirmed_on=confirmed_on),)))
    await world.settle()
    (item,) = (await world.ask("crm"))["items"]
    assert [skill["stale"] for skill in item["skills"]] == [stale]


async def test_an_address_for_notices_is_not_even_kept(world: World) -> None:
    await open_program(world)
    await world.say(world.person("Nadia", email="nadia@aurora.example"))
    await world.settle()
    async with world.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM person WHERE profile::text LIKE '%aurora.example%'") == 0
