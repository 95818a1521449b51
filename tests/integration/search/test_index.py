"""The index follows the projection whatever happens on the way, and is rebuilt unnoticed."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opensearchpy import ConnectionError as OpenSearchDown
from search_service import store
from search_service.rebuild import NotEqual, rebuild, rollback

from tests.integration.search.conftest import World


async def crowd(world: World, count: int) -> list[Any]:
    people = [world.person(f"Person {n}") for n in range(count)]
    await world.say(*people)
    return people


async def test_a_batch_that_was_sent_but_not_marked_is_sent_again_harmlessly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.program()
    await crowd(world, 5)
    mark = store.mark_indexed

    async def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "mark_indexed", crash)
    with pytest.raises(KeyboardInterrupt):
        await world.indexer.run()
    monkeypatch.setattr(store, "mark_indexed", mark)
    await world.settle()
    assert len(await world.names()) == 5
    async with world.database.connection() as connection:
        assert await store.behind(connection) == (0, 0.0)


async def test_what_opensearch_does_not_take_now_is_sent_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.program()
    await crowd(world, 3)
    send = world.index.send
    monkeypatch.setattr(world.index, "send", _raising(OpenSearchDown("N/A", "down", None)))
    assert await world.indexer.run() is False
    monkeypatch.setattr(world.index, "send", _answering({"status": 429}))
    assert await world.indexer.run() is False
    monkeypatch.setattr(world.index, "send", send)
    await world.settle()
    assert len(await world.names()) == 3


@pytest.mark.parametrize("block", ["write", "read_only", "read_only_allow_delete"])
async def test_an_index_that_is_closed_to_writing_for_a_while_sets_nothing_aside(world: World, block: str) -> None:
    await world.program()
    await crowd(world, 1)
    await world.settle()
    index = await _shown(world)
    await world.index.client.indices.put_settings(index=index, body={f"index.blocks.{block}": True})
    await crowd(world, 2)
    assert await world.indexer.run() is False
    await world.index.client.indices.put_settings(index=index, body={f"index.blocks.{block}": None})
    await world.settle()
    assert len(await world.names()) == 3


async def test_a_refused_document_is_parked_until_its_person_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.program()
    (person,) = await crowd(world, 1)
    send = world.index.send
    monkeypatch.setattr(world.index, "send", _answering({"status": 400, "error": {"type": "mapper_parsing_exception"}}))
    assert await world.indexer.run() is True
    assert await world.indexer.run() is False
    monkeypatch.setattr(world.index, "send", send)
    await world.say(person)
    await world.settle()
    assert len(await world.names()) == 1


async def test_a_rebuilt_index_answers_as_the_old_one_and_can_be_left_again(world: World) -> None:
    await world.program()
    await crowd(world, 12)
    await world.settle()
    before = sorted(await world.names())
    old = await _shown(world)
    assert await rebuild(world.database, world.index, world.indexer) == 12
    assert sorted(await world.names()) == before
    new = await _shown(world)
    assert new != old
    await world.say(world.person("Later"))
    await rollback(world.database, world.index)
    assert await _shown(world) == old
    await world.settle()
    assert "Later" in await world.names()


async def test_an_operator_rebuilds_and_goes_back_and_hears_what_came_of_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.program()
    await crowd(world, 2)
    await world.settle()
    statuses, said = [], []
    for command in ("rollback", "rebuild", "rollback"):
        capsys.readouterr()
        statuses.append(await world.api.service.commands[command](world.api.service, []))
        said.append(capsys.readouterr())
    assert statuses == [1, 0, 0], said
    assert said[0].err == "there is no former index to go back to\n"
    assert said[1].out.endswith("The new index is shown: 2 people.\n")
    assert said[2].out.endswith(f"The former index is shown again: {await _shown(world)}.\n")


async def test_an_index_can_be_built_before_there_is_any(world: World) -> None:
    await world.program()
    await crowd(world, 2)
    assert await rebuild(world.database, world.index, world.indexer) == 2
    assert len(await world.names()) == 2


async def test_a_rebuild_that_was_killed_is_finished_by_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.program()
    await crowd(world, 3)
    await world.settle()
    show = world.index.show
    monkeypatch.setattr(world.index, "show", _raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        await rebuild(world.database, world.index, world.indexer)
    monkeypatch.setattr(world.index, "show", show)
    assert await rebuild(world.database, world.index, world.indexer) == 3
    assert len(await world.names()) == 3
    async with world.database.connection() as connection:
        assert set(await store.generations(connection)) == {"live", "previous"}


async def test_a_document_lost_from_the_new_index_is_found_and_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.program()
    people = await crowd(world, 3)
    await world.settle()
    refresh, lost = world.index.refresh, [str(people[0].person_id)]

    async def lose(name: str) -> None:
        while lost:
            await world.index.client.delete(index=name, id=lost.pop())
        await refresh(name)

    monkeypatch.setattr(world.index, "refresh", lose)
    assert await rebuild(world.database, world.index, world.indexer) == 3
    assert len(await world.names()) == 3


async def test_an_index_that_stays_different_is_not_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.program()
    people = await crowd(world, 2)
    await world.settle()
    old = await _shown(world)

    async def lose(name: str) -> None:
        await world.index.client.delete(index=name, id=str(people[0].person_id), params={"ignore": 404})

    monkeypatch.setattr(world.index, "refresh", lose)
    with pytest.raises(NotEqual):
        await rebuild(world.database, world.index, world.indexer)
    assert await _shown(world) == old


async def test_a_change_that_is_being_indexed_while_a_rebuild_begins_reaches_both(world: World) -> None:
    await world.program()
    await crowd(world, 1)
    await world.settle()
    async with world.database.connection() as connection:
        await connection.execute("UPDATE person SET doc_version = doc_version + 1")
        (row,) = await store.pending(connection, 10)
        await store.index_all_again(connection)
        await store.mark_indexed(connection, [store.Indexed(row.person_id, row.indexed_version, row.doc_version)])
        assert len(await store.pending(connection, 10)) == 1


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_results_and_counts_equal_a_plain_count(world: World, data: st.DataObject) -> None:
    """Every filter and facet against Python over the same people."""
    await world.program()
    skills = [await world.skill(f"Skill {world.program_id} {n}") for n in range(3)]
    drawn = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from(["Oslo", "Rome"]),
                st.integers(1, 3),
                st.sets(st.sampled_from(skills)),
                st.booleans(),
            ),
            max_size=8,
        )
    )
    people = [
        world.person(f"P{n}", *((skill, 3) for skill in own), location=location, job_level=level)
        for n, (location, level, own, _) in enumerate(drawn)
    ]
    free = {p.name for p, (*_, available) in zip(people, drawn, strict=True) if available}
    await world.say(*people, *(world.availability(p.person_id, int(p.name in free)) for p in people))
    await world.settle()
    skill, location = data.draw(st.sampled_from(skills)), data.draw(st.sampled_from(["Oslo", "Rome"]))
    has = {p.name for p in people if any(claim.skill_id == skill for claim in p.skills)}
    there = {p.name for p in people if p.location == location}
    mine = {p.name for p in people}
    answer = await world.ask(skill=str(skill), location=location, limit=100)
    assert {item["name"] for item in answer["items"]} == has & there & free & mine
    assert answer["matching"] == len(has & there)
    locations = {facet["value"]: facet["count"] for facet in answer["facets"]["location"]}
    expected = {place: len({p.name for p in people if p.location == place} & has & free) for place in ("Oslo", "Rome")}
    assert locations == {place: count for place, count in expected.items() if count}
    for person in people:  # the next example starts from nobody
        left = world.person(person.name, person_id=person.person_id, status="left")
        await world.say(left)


async def _shown(world: World) -> str:
    shown: dict[str, Any] = await world.index.client.indices.get_alias(name=world.index.alias)
    return next(iter(shown))


def _raising(error: BaseException) -> Any:
    async def act(*_: Any) -> None:
        raise error

    return act


def _answering(item: dict[str, Any]) -> Any:
    async def send(_: str, documents: Any) -> list[dict[str, Any]]:
        return [item for _ in documents]

    return send
