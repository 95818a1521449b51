"""What a program does not offer and what a person hides leaks through no answer of a search."""

from typing import Any

import pytest
from flash_schemas.profile import Experience
from search_service import store

from tests.integration.search.conftest import TODAY, World


async def test_fields_that_are_not_offered_leak_through_nothing(world: World) -> None:
    await world.program(filter=("location",), search=("job_title",), show=())
    await world.say(
        world.person("Quiet", bio="secretword", languages=("de",), can_help_with=("secretword",), job_level=17)
    )
    await world.settle()
    assert await world.names("secretword") == []
    answer = await world.ask()
    assert set(answer["facets"]) == {"skill", "location"}
    assert {answer["items"][0][name] for name in ("location", "bio", "languages", "units")} == {None}
    refused = await world.ask(language="de", status=422)
    assert refused["errors"][0]["field"] == "language"


async def test_what_a_person_hides_is_not_in_the_index(world: World) -> None:
    await world.program()
    person = world.person("Private", bio="secretword", visibility={"bio": "nobody"})
    await world.say(person)
    await world.settle()
    assert await world.names("secretword") == []


SECRETS: dict[str, tuple[Any, Any]] = {
    "unit": (("Aurora", "Zebrafish Institute"), ("Aurora",)),
    "location": ("Zebrafish", "Berlin"),
    "job_title": ("Zebrafish keeper", "Consultant"),
    "job_level": (17, 5),
    "languages": (("zebrafish",), ("de",)),
    "experience": ((Experience(title="Zebrafish keeper", since=TODAY),), ()),
    "bio": ("I keep a zebrafish", "I keep bees"),
    "can_help_with": (("zebrafish",), ("bees",)),
}
"""For every field a value that must not show, and another one."""


@pytest.mark.parametrize("hidden", SECRETS)
async def test_a_field_that_is_not_offered_changes_no_answer(world: World, hidden: str) -> None:
    """Hits, order, facets, counts, highlights, reasons, corrections and cursors are the same whatever it holds."""
    offered = [name for name in SECRETS if name != hidden]
    await world.skill("Excel")
    crm = await world.skill("Zebra CRM", "zcrm")
    await world.program(filter=offered, search=offered, show=offered)
    others = [world.person(f"Other {n}", (crm, n)) for n in (1, 2)]
    person = world.person("Keeper", (crm, 3))
    await world.say(*others, person)
    answers = []
    for value in SECRETS[hidden]:
        facts = {"units": value} if hidden == "unit" else {hidden: value}
        await world.say(world.person("Keeper", (crm, 3), person_id=person.person_id, **facts))
        await world.settle()
        answers.append([await plain_answer(world, **params) for params in BATTERY])
    assert answers[0] == answers[1]
    assert "zebrafish" not in str(answers).casefold()


BATTERY: tuple[dict[str, Any], ...] = (
    {},
    {"available": "any", "limit": 1},
    {"q": "zebrafish"},
    {"q": "zebrafsh"},
    {"q": "zebrafish institute"},
    {"q": "zcrm zebrafish"},
    {"q": "keeper"},
    {"q": "17"},
    {"skill": "zcrm"},
)


async def plain_answer(world: World, **params: Any) -> Any:
    return {name: value for name, value in (await world.ask(**params)).items() if name != "search_id"}


@pytest.mark.parametrize(
    ("hidden", "params"),
    [
        ("unit", {"unit": "Aurora"}),
        ("location", {"location": "Berlin"}),
        ("languages", {"language": "de"}),
        ("job_level", {"job_level_min": 1}),
        ("job_level", {"job_level_max": 20}),
    ],
)
async def test_what_is_not_offered_cannot_be_filtered_by(world: World, hidden: str, params: dict[str, Any]) -> None:
    await world.program(filter=[name for name in SECRETS if name != hidden])
    refused = await world.ask(status=422, **params)
    assert refused["errors"][0]["field"] == next(iter(params))


async def test_other_fields_take_effect_with_the_next_search_and_without_indexing_anybody(world: World) -> None:
    await world.program(search=("bio",), show=("bio",))
    await world.say(world.person("Bee", bio="keeps honeybees"))
    await world.settle()
    assert await world.names("honeybees") == ["Bee"]
    await world.program(search=(), show=())
    async with world.database.connection() as connection:
        assert await store.pending(connection, 10) == []
    assert await world.names("honeybees") == []
    assert (await world.ask())["items"][0]["bio"] is None
