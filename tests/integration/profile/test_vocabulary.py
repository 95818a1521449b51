"""The vocabulary's editors merge and retire; people's claims and all that is published follow."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.database import Database
from chassis.http import Cursor
from flash_schemas.profile import ProfileChangedV1, SkillChangedV1
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profile_service import store
from profile_service.merges import move_some_claims

from tests.integration.profile.conftest import Company, program_body
from tests.integration.profile.test_profiles import edit, skill
from tests.support.waiting import WAITS_FOR_LOCK, eventually

FIELDS = ("label", "aliases", "broader_id", "retired", "merged_into")
NAMES = "SELECT name, skill_id FROM skill_name"


async def change(company: Company, known: dict[str, Any], **values: Any) -> Any:
    """An editor's change of an entry; the answer."""
    headers = {**company.api.callers.sign_in("skill_editor"), "If-Match": f'"{known["version"]}"'}
    body = {**{name: known[name] for name in FIELDS}, **values}
    return await company.api.client.put(f"/api/v1/skills/{known['skill_id']}", json=body, headers=headers)


async def read(company: Company, skill_id: str) -> dict[str, Any]:
    headers = company.api.callers.sign_in("skill_editor")
    found: dict[str, Any] = (await company.api.client.get(f"/api/v1/skills/{skill_id}", headers=headers)).json()
    return found


async def merge(company: Company, loser: dict[str, Any], winner: dict[str, Any]) -> None:
    answer = await change(company, await read(company, loser["skill_id"]), merged_into=winner["skill_id"])
    assert answer.status_code == 200, answer.text


async def claimed(company: Company, number: str) -> dict[str, int]:
    """A person's skills with their levels."""
    answer = await company.api.client.get("/api/v1/me/profile", headers=company.sign_in(number))
    return {claim["skill_id"]: claim["level"] for claim in answer.json()["skills"]}


async def names(database: Database) -> dict[str, UUID]:
    async with database.connection() as connection:
        return {row["name"]: row["skill_id"] for row in await connection.fetch(NAMES)}


async def test_the_winner_has_the_losers_names_followers_and_narrower_skills(company: Company) -> None:
    excel, lotus, older = (
        await skill(company, "Excel"),
        await skill(company, "Lotus", "1-2-3"),
        await skill(company, "Visi"),
    )
    macros = await skill(company, "Macros")
    await change(company, macros, broader_id=lotus["skill_id"])
    await merge(company, older, lotus)
    await merge(company, lotus, excel)
    winner = await read(company, excel["skill_id"])
    assert winner["aliases"] == ["Lotus", "1-2-3", "Visi"]
    assert (await read(company, macros["skill_id"]))["broader_id"] == excel["skill_id"]
    for gone in (lotus, older):
        left = await read(company, gone["skill_id"])
        assert (left["merged_into"], left["retired"], left["aliases"]) == (excel["skill_id"], True, [])
    assert set((await names(company.api.database)).values()) == {UUID(excel["skill_id"]), UUID(macros["skill_id"])}
    last = {event.skill_id: event for event, _ in await company.api.events(SkillChangedV1)}
    assert last[UUID(excel["skill_id"])].aliases == ("Lotus", "1-2-3", "Visi")
    assert {last[UUID(gone["skill_id"])].change for gone in (lotus, older)} == {"merged"}
    assert {last[UUID(gone["skill_id"])].merged_into for gone in (lotus, older)} == {UUID(excel["skill_id"])}


async def test_a_merge_is_in_the_audit_log_for_each_entry_that_it_changes(company: Company) -> None:
    excel, lotus = await skill(company, "Excel"), await skill(company, "Lotus")
    await merge(company, lotus, excel)
    async with company.api.database.connection() as connection:
        rows = await connection.fetch("SELECT action, subject_id, before, after FROM audit_entry ORDER BY id")
    last = {str(row["subject_id"]): row for row in rows}
    assert [row["action"] for row in rows] == ["skill.created", "skill.created", "skill.merged", "skill.edited"]
    winner, loser = last[excel["skill_id"]], last[lotus["skill_id"]]
    assert (winner["before"]["aliases"], winner["after"]["aliases"]) == ([], ["Lotus"])
    assert (loser["before"]["merged_into"], loser["after"]["merged_into"]) == (None, excel["skill_id"])


async def test_claims_of_the_loser_become_the_winners_with_the_higher_level(company: Company) -> None:
    excel, lotus = await skill(company, "Excel"), await skill(company, "Lotus")
    ids = {"excel": excel["skill_id"], "lotus": lotus["skill_id"]}
    both = [{"skill_id": ids["excel"], "level": 2}, {"skill_id": ids["lotus"], "level": 5}]
    await edit(company, "1", 1, skills=both)
    await edit(company, "2", 1, skills=both[1:])
    await edit(company, "3", 1, skills=both[:1])
    await merge(company, lotus, excel)
    while await move_some_claims(company.api.database, 1):
        pass
    assert [await claimed(company, number) for number in "123"] == [{ids["excel"]: level} for level in (5, 5, 2)]
    moved = {event.person_id: (event.skills, version) for event, version in await company.api.events(ProfileChangedV1)}
    assert [moved[company.people[number]][1] for number in "123"] == [3, 3, 2], "who has nothing to move is not touched"
    assert moved[company.people["2"]][0][0].skill_id == UUID(ids["excel"])
    assert not await move_some_claims(company.api.database, 1), "and nothing is left to do"


async def test_a_claim_that_is_just_being_written_is_moved_too(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The merge waits for the profile that has looked at the skill and is not committed: the pass then sees it."""
    excel, lotus = await skill(company, "Excel"), await skill(company, "Lotus")
    database, written, looked = company.api.database, store.save_people, asyncio.Event()

    async def slowly(transaction: Any, people: Any) -> None:
        looked.set()
        await eventually(lambda: somebody_waits(database))
        await written(transaction, people)

    monkeypatch.setattr(store, "save_people", slowly)
    claim = [{"skill_id": lotus["skill_id"], "level": 4}]
    editing = asyncio.create_task(edit(company, "1", 1, skills=claim))
    await looked.wait()
    merging = asyncio.create_task(merge(company, lotus, excel))
    assert (await editing).status_code == 200
    await merging
    monkeypatch.undo()
    while await move_some_claims(database, 10):
        pass
    assert await claimed(company, "1") == {excel["skill_id"]: 4}


async def somebody_waits(database: Database) -> bool:
    async with database.connection() as connection:
        return bool(await connection.fetchval(WAITS_FOR_LOCK))


@pytest.mark.parametrize("winner", ["itself", "a merged one", "a retired one"])
async def test_only_a_skill_in_use_takes_another_over(company: Company, winner: str) -> None:
    one, gone, old = await skill(company, "One"), await skill(company, "Gone"), await skill(company, "Old")
    await merge(company, gone, await skill(company, "Whole"))
    await change(company, old, retired=True)
    into = {"itself": one, "a merged one": gone, "a retired one": old}[winner]
    answer = await change(company, one, merged_into=into["skill_id"])
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "merged_into")


async def test_a_merged_skill_is_not_edited_any_more_nor_claimed(company: Company) -> None:
    excel, lotus = await skill(company, "Excel"), await skill(company, "Lotus")
    await merge(company, lotus, excel)
    answer = await change(company, await read(company, lotus["skill_id"]), merged_into=None)
    assert (answer.status_code, excel["skill_id"] in answer.json()["detail"]) == (409, True)
    refused = await edit(company, "1", 1, skills=[{"skill_id": lotus["skill_id"], "level": 3}])
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "skills[0].skill_id")


async def test_a_retired_skill_stays_where_it_is_marked_and_is_not_claimed_anew(company: Company) -> None:
    owner = company.sign_in("4", "program_owner")
    assert (await company.api.client.post("/api/v1/programs", json=program_body(), headers=owner)).status_code == 201
    await company.settle()
    fax = await skill(company, "Fax")
    claim = {"skill_id": fax["skill_id"], "level": 3}
    url = "/api/v1/me/profile"
    before = (await company.api.client.get(url, headers=company.sign_in("1"))).json()
    assert (await edit(company, "1", before["version"], skills=[claim])).status_code == 200
    await change(company, fax, retired=True)
    kept = await edit(company, "1", before["version"] + 1, skills=[claim], bio="I keep it")
    assert kept.status_code == 200
    assert [skill["skill_id"] for skill in kept.json()["skills"] if skill["retired"]] == [fax["skill_id"]]
    seen = await company.api.client.get(f"/api/v1/people/{company.people['1']}", headers=company.sign_in("2"))
    assert [(one["label"], one["retired"]) for one in seen.json()["skills"]] == [("Fax", True)]
    other = (await company.api.client.get(url, headers=company.sign_in("2"))).json()
    assert (await edit(company, "2", other["version"], skills=[claim])).status_code == 422


async def test_a_circle_of_broader_skills_is_refused(company: Company) -> None:
    top, low = await skill(company, "Top"), await skill(company, "Low")
    assert (await change(company, low, broader_id=top["skill_id"])).status_code == 200
    answer = await change(company, top, broader_id=low["skill_id"])
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "broader_id")


async def test_what_is_called_so_comes_before_what_only_holds_the_words(company: Company) -> None:
    for label, *aliases in (("A list of go games",), ("Go", "golang"), ("Gorge climbing",), ("Zen", "golf swing")):
        await skill(company, label, *aliases)
    headers = company.api.callers.sign_in("skill_editor")
    found: list[str] = []
    url: str | None = "/api/v1/skills?q=GO&limit=1"
    while url:
        page = (await company.api.client.get(url, headers=headers)).json()
        found += [item["label"] for item in page["items"]]
        url = f"/api/v1/skills?q=GO&limit=1&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert found == ["Go", "Gorge climbing", "Zen", "A list of go games"]


async def test_who_is_no_editor_changes_no_skill(company: Company) -> None:
    known = await skill(company, "Excel")
    headers = {**company.sign_in("1"), "If-Match": '"1"'}
    body = {name: known[name] for name in FIELDS}
    answer = await company.api.client.put(f"/api/v1/skills/{known['skill_id']}", json=body, headers=headers)
    assert answer.status_code == 403


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["merge", "rename", "broader"]), st.integers(0, 3), st.integers(0, 3)), max_size=8
    )
)
async def test_any_merges_and_renames_leave_every_name_with_one_living_skill(
    company: Company, steps: list[tuple[str, int, int]]
) -> None:
    """As the rules say, with the database's own statements."""
    start = len(await names(company.api.database))
    made = [(await skill(company, f"{start}-{n}"))["skill_id"] for n in range(4)]
    for kind, number, value in steps:
        known = await read(company, made[number])
        values: dict[str, Any] = {
            "merge": {"merged_into": made[value]},
            "rename": {"label": f"{start}-new-{value}", "aliases": [*known["aliases"], known["label"]]},
            "broader": {"broader_id": made[value]},
        }[kind]
        before = await names(company.api.database)
        answer = await change(company, known, **values)
        assert answer.status_code in (200, 409, 422), answer.text
        assert before.keys() <= (await names(company.api.database)).keys(), "no name is lost"
    owners = set((await names(company.api.database)).values())
    async with company.api.database.connection() as connection:
        rows = await connection.fetch("SELECT skill_id, merged_into, broader_id FROM skill")
    merged = {row["skill_id"] for row in rows if row["merged_into"]}
    assert not merged & (owners | {row["merged_into"] for row in rows} | {row["broader_id"] for row in rows})


async def test_a_cursor_with_a_rank_that_no_skill_has_ends_the_list(company: Company) -> None:
    for q in ("", "excel"):
        query = {"q": q, "cursor": Cursor.encode(2**31, "Excel", uuid4())}
        headers = company.api.callers.sign_in("skill_editor")
        answer = await company.api.client.get("/api/v1/skills", params=query, headers=headers)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
