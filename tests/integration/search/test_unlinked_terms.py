"""What several people search in vain is shown to the vocabulary's editors, and never who it was or whom they meant."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.profile import SkillChangedV1
from search_service.erasure import erase
from search_service.unlinked import SMALLEST_SEARCHERS
from search_service.unlinked_terms import forget_some_terms

from tests.integration.search.conftest import TODAY, World

ROWS = "SELECT term, searcher, seen_on FROM unlinked_term"


async def searched(world: World, q: str, people: int, *, first: int = 0) -> None:
    """So many people search it; the same number is the same person."""
    for number in range(first, first + people):
        await world.ask(q, by=searcher(world, number))


def searcher(world: World, number: int) -> UUID:
    return UUID(int=world.program_id.int ^ number)


async def crowd(world: World) -> None:
    """A program and people in it who may search."""
    await world.program()
    people = (world.person(f"Seeker{n}", person_id=searcher(world, n)) for n in range(SMALLEST_SEARCHERS + 2))
    await world.say(*people)
    await world.settle()


async def shown(world: World, status: int = 200, role: str = "skill_editor", **params: Any) -> Any:
    headers = world.api.callers.sign_in(role)
    answer = await world.api.client.get("/api/v1/search/unlinked-terms", params=params, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def terms(world: World) -> dict[str, int]:
    return {item["term"]: item["searchers"] for item in (await shown(world))["items"]}


async def kept(world: World) -> list[Any]:
    async with world.database.connection() as connection:
        return list(await connection.fetch(ROWS))


async def test_a_term_is_shown_once_enough_different_people_searched_it(world: World) -> None:
    await crowd(world)
    for _ in range(2):  # once more does not make them more
        await searched(world, "who knows Tribology?", SMALLEST_SEARCHERS - 1)
    assert await terms(world) == {}
    await searched(world, "tribology", 1, first=SMALLEST_SEARCHERS - 1)
    assert await terms(world) == {"tribology": SMALLEST_SEARCHERS}
    (item,) = (await shown(world))["items"]
    assert item["last_seen_on"] == TODAY.isoformat()


async def test_nothing_that_is_kept_names_who_searched(world: World) -> None:
    await crowd(world)
    await searched(world, "tribology", 1)
    await searched(world, "looms", 1)
    rows = await kept(world)
    assert len({row["searcher"] for row in rows}) == 2, "one person is another in each term"
    assert all(searcher(world, 0).bytes != row["searcher"] for row in rows)


@pytest.mark.parametrize(
    "q", ["oyku", "Öykü yilmaz", "yılmaz looms", "a@b.test", "Jane Doe", "excel", "who can help me"]
)
async def test_names_addresses_and_what_is_found_are_never_kept(world: World, q: str) -> None:
    await world.skill("Excel")
    await crowd(world)
    await world.say(world.person("Öykü Yılmaz", status="on_leave"))
    await world.settle()
    await searched(world, q, 1)
    assert await kept(world) == []


async def test_what_becomes_somebodys_name_is_not_shown_any_more(world: World) -> None:
    await crowd(world)
    await searched(world, "weaver", SMALLEST_SEARCHERS)
    assert await terms(world) == {"weaver": SMALLEST_SEARCHERS}
    newcomer = world.person("Wim Weaver")
    await world.say(newcomer)
    assert await terms(world) == {}
    await world.say(world.person("Wim Weaver", person_id=newcomer.person_id, status="left"))
    async with world.database.connection() as connection:
        words = await connection.fetchval("SELECT name_words FROM person WHERE person_id = $1", newcomer.person_id)
    assert words == [], "of somebody who left no word is kept"


async def test_of_somebody_who_is_forgotten_no_word_of_the_name_is_kept(world: World) -> None:
    await world.program()
    person = world.person("Wim Weaver")
    await world.say(person)
    request = ErasureRequestedV1(person_id=person.person_id, profile_version=2, reason="own_request")
    async with world.database.transaction() as transaction:
        await erase(transaction, request)
        kept_words = "SELECT name_words FROM person WHERE person_id = $1"
        assert await transaction.fetchval(kept_words, person.person_id) == []


async def test_an_alias_that_an_editor_adds_answers_the_search_and_ends_the_proposal(world: World) -> None:
    kubernetes = await world.skill("Kubernetes")
    await crowd(world)
    await world.say(world.person("Captain", (kubernetes, 4)))
    await world.settle()
    await searched(world, "k8s", SMALLEST_SEARCHERS)
    assert await world.names("k8s") == []
    assert await terms(world) == {"k8s": SMALLEST_SEARCHERS + 1}
    await world.say(SkillChangedV1(skill_id=kubernetes, change="edited", label="Kubernetes", aliases=("k8s",)))
    assert await world.names("k8s") == ["Captain"]
    assert await terms(world) == {}


async def test_terms_come_page_by_page_most_searched_first(world: World) -> None:
    await crowd(world)
    for q, more in (("looms", 1), ("apiculture", 0), ("tribology", 0)):
        await searched(world, q, SMALLEST_SEARCHERS + more)
    found: list[str] = []
    params: dict[str, Any] = {"limit": 1}
    while True:
        page = await shown(world, **params)
        found += [item["term"] for item in page["items"]]
        if not page["next_cursor"]:
            break
        params = {"limit": 1, "cursor": page["next_cursor"]}
    assert found == ["looms", "apiculture", "tribology"]


async def test_what_was_searched_long_ago_is_forgotten(world: World) -> None:
    await crowd(world)
    await searched(world, "looms", SMALLEST_SEARCHERS)
    async with world.database.transaction() as transaction:
        await transaction.execute("UPDATE unlinked_term SET seen_on = $1", TODAY - timedelta(days=90))
    await searched(world, "tribology", 1)
    assert await terms(world) == {}
    assert not await forget_some_terms(world.database, 90)
    assert [row["term"] for row in await kept(world)] == ["tribology"]


async def test_without_a_key_nothing_is_kept(world: World) -> None:
    await crowd(world)
    search: Any = world.api.service.state["search"]
    search._hash_key = b""
    await searched(world, "looms", 1)
    assert await kept(world) == []


async def test_only_editors_see_terms(world: World) -> None:
    for role in ("program_owner", "operator"):
        assert (await shown(world, role=role))["items"] == []
    for role in ("employee", "hr_platform"):
        await shown(world, status=403, role=role)
    assert (await shown(world, status=422, cursor="abc"))["errors"][0]["field"] == "cursor"


async def test_a_retired_skill_is_marked_and_a_chain_of_merges_followed(world: World) -> None:
    oldest, old, fax = await world.skill("Oldest"), await world.skill("Old"), await world.skill("Fax")
    new = await world.skill("New")
    await world.program()
    await world.say(world.person("Veteran", (oldest, 4), (fax, 2)))
    for loser, label, winner in ((oldest, "Oldest", old), (old, "Old", new)):
        await world.say(SkillChangedV1(skill_id=loser, change="merged", label=label, retired=True, merged_into=winner))
    await world.say(SkillChangedV1(skill_id=fax, change="retired", label="Fax", retired=True))
    await world.settle()
    (item,) = (await world.ask("oldest"))["items"]
    assert {skill["label"]: skill["retired"] for skill in item["skills"]} == {"New": False, "Fax": True}
    assert item["why"][0]["text"] == "New, level 4"
