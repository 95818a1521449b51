"""Whoever needs the places of some people reads as much of the tree as says them, not all of it."""

from profile_service import store

from tests.integration.profile.conftest import Company


async def test_some_places_are_as_in_the_whole_tree_and_nothing_else_is_read(company: Company) -> None:
    async with company.api.database.connection() as connection:
        whole = await store.organisation(connection)
        places = await store.places(connection, [company.units["crm"]], ["lab"])
    assert set(places.units) == {company.units[code] for code in ("root", "sales", "crm", "lab")}
    assert all(places.path(unit_id) == whole.path(unit_id) for unit_id in places.units)
    async with company.api.database.connection() as connection:
        assert set((await store.places(connection, [company.units["root"]])).units) == {company.units["root"]}


async def test_a_unit_and_all_under_it_are_found(company: Company) -> None:
    async with company.api.database.connection() as connection:
        whole = await store.organisation(connection)
        for unit_id in whole.units:
            assert set(await store.units_below(connection, unit_id)) == set(whole.below(unit_id))


async def test_a_push_about_people_alone_places_them_as_one_that_also_names_units_does(company: Company) -> None:
    await company.push(company.joined("5", "crm"), company.event("person_moved", employee_number="3", unit="crm"))
    alone = await _paths(company, "5", "3")
    renamed = company.unit("lab", "Research and More", "root")
    await company.push(
        renamed, company.joined("6", "crm"), company.event("person_moved", employee_number="1", unit="crm")
    )
    assert {*alone, *await _paths(company, "6", "1")} == {("Aurora", "Sales and Marketing", "Customer Relations")}


async def _paths(company: Company, *numbers: str) -> list[tuple[str, ...]]:
    async with company.api.database.connection() as connection:
        people = [await store.employee(connection, number) for number in numbers]
    return [tuple(ref.name for ref in person.unit_path) for person in people if person]
