"""Words that are the name of a unit, or somebody's: what they mean depends on who is there to be found."""

from typing import Any

import pytest

from tests.integration.search.conftest import World


async def test_a_unit_that_nobody_of_the_program_is_in_is_searched_as_text(world: World) -> None:
    await world.program()
    await world.say(
        world.person("Engineer", units=("Aurora", "Engineering"), bio="did marketing before"),
        world.person("Colleague", units=("Aurora", "Engineering")),
        world.person("Elsewhere", units=("Aurora", "Marketing"), participations=()),
    )
    await world.settle()
    answer = await world.ask("marketing")
    assert [item["name"] for item in answer["items"]] == ["Engineer"]
    assert answer["units"] == []


async def test_a_unit_narrows_while_somebody_is_in_it(world: World) -> None:
    await world.program()
    member = world.person("Member", units=("Aurora", "Marketing"))
    await world.say(member, world.person("Fan", units=("Aurora", "Engineering"), bio="loves marketing"))
    await world.settle()
    answer = await world.ask("marketing")
    assert ([item["name"] for item in answer["items"]], answer["units"]) == (["Member"], ["Marketing"])
    await world.say(world.person("Member", person_id=member.person_id, units=("Aurora", "Sales")))
    await world.settle()
    answer = await world.ask("marketing")
    assert ([item["name"] for item in answer["items"]], answer["units"]) == (["Fan"], [])


async def test_a_unit_beside_one_that_was_chosen_is_text(world: World) -> None:
    await world.program()
    await world.say(
        world.person("Accountant", units=("Aurora", "Finance"), bio="pays for marketing"),
        world.person("Cashier", units=("Aurora", "Finance")),
        world.person("Marketeer", units=("Aurora", "Marketing")),
    )
    await world.settle()
    answer = await world.ask("marketing", unit="Finance")
    assert ([item["name"] for item in answer["items"]], answer["units"]) == (["Accountant"], [])


@pytest.mark.parametrize(("q", "units"), [("sales", {"Sales", "SALES"}), ("r&d", {"R&D", "R & D"})])
async def test_units_that_are_written_alike_are_all_meant(world: World, q: str, units: set[str]) -> None:
    await world.program()
    await world.say(*(world.person(unit, units=("Aurora", unit)) for unit in ("Sales", "SALES", "R&D", "R & D")))
    await world.settle()
    answer = await world.ask(q)
    assert {item["name"] for item in answer["items"]} == set(answer["units"]) == units


@pytest.mark.parametrize(
    ("q", "found"), [("help me with it", ["In", "Out"]), ("someone in IT", ["In"]), ("it", ["In"])]
)
async def test_a_unit_called_like_a_filler_is_meant_in_capitals_or_alone(
    world: World, q: str, found: list[str]
) -> None:
    await world.program()
    await world.say(world.person("In", units=("Aurora", "IT")), world.person("Out"))
    await world.settle()
    assert sorted(await world.names(q)) == found


@pytest.mark.parametrize(
    ("q", "facts"),
    [("Brandt", {"name": "Nora Brandt"}), ("Salem", {"location": "Salem"})],
)
async def test_somebodys_name_or_place_is_not_taken_for_a_misspelling(
    world: World, q: str, facts: dict[str, Any]
) -> None:
    brand, sales = await world.skill("Brand"), await world.skill("Sales")
    await world.program(search=("location",))
    await world.say(world.person("Skilled", (brand, 5), (sales, 5)), world.person(**{"name": "Meant", **facts}))
    await world.settle()
    answer = await world.ask(q)
    assert ([item["name"] for item in answer["items"]], answer["corrections"]) == ([facts.get("name", "Meant")], [])


async def test_what_was_typed_is_found_beside_what_it_was_taken_for(world: World) -> None:
    brand = await world.skill("Brand")
    await world.program(search=("bio",), show=("bio",))
    await world.say(
        world.person("Skilled", (brand, 5)),
        world.person("Plain", bio="worked for Willy Brandt"),
        world.person("Nora Brandt", participations=()),
    )
    await world.settle()
    answer = await world.ask("Brandt")
    assert [item["name"] for item in answer["items"]] == ["Skilled", "Plain"]
    assert answer["corrections"] == [{"typed": "Brandt", "read_as": "brand"}]
    assert answer["items"][1]["why"][0]["text"] == "worked for Willy Brandt"


async def test_a_misspelling_holds_nobody_to_a_unit(world: World) -> None:
    forecasts = await world.skill("Sales forecasts")
    await world.program()
    await world.say(
        world.person("Seller", units=("Aurora", "Sales")),
        world.person("Traveller", bio="was in Salem"),
        world.person("Forecaster", (forecasts, 3)),
    )
    await world.settle()
    answer = await world.ask("Salem")
    assert {"Traveller", "Forecaster"} <= {item["name"] for item in answer["items"]}
    assert answer["units"] == []
