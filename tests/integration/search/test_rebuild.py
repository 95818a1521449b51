"""A new index is shown only when everybody is in it; until then the one that is shown stays."""

from collections.abc import Callable
from typing import Any

import pytest
from opensearchpy import ConnectionTimeout
from search_service import store
from search_service.document import MAPPINGS
from search_service.rebuild import NotEqual, rebuild, rollback

from tests.integration.search.conftest import World

NAMES = ["Ada", "Bo", "Cem"]


@pytest.fixture
async def shown(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an index that is shown, with three people in it."""
    monkeypatch.setattr("search_service.rebuild.PAUSE_S", 0)
    await world.program()
    await world.say(*(world.person(name) for name in NAMES))
    await world.settle()
    return await _shown(world)


@pytest.mark.parametrize("status", [None, 404, 429, 503])
async def test_a_moment_in_which_opensearch_takes_nothing_costs_an_attempt_and_nobody(
    world: World, shown: str, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    monkeypatch.setattr(world.index, "send", _failing(world.index.send, 1, status))
    assert await rebuild(world.database, world.index, world.indexer) == 3
    assert await _shown(world) != shown
    assert sorted(await world.names()) == NAMES


async def test_an_index_that_not_everybody_came_to_is_not_shown_and_the_operator_hears_why(
    world: World, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    send = world.index.send
    monkeypatch.setattr(world.index, "send", _failing(send, 1_000, None))
    assert await world.api.service.commands["rebuild"](world.api.service, []) == 1
    assert "3 people could not be sent" in capsys.readouterr().err
    assert await _shown(world) == shown
    assert sorted(await world.names()) == NAMES
    monkeypatch.setattr(world.index, "send", send)
    assert await rebuild(world.database, world.index, world.indexer) == 3


async def test_an_operator_whose_opensearch_goes_away_during_the_comparison_is_told_to_run_it_again(
    world: World, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def away(*_: Any) -> None:
        raise ConnectionTimeout("TIMEOUT", "timed out", None)

    with monkeypatch.context() as going:
        going.setattr(world.index, "versions_of", away)
        assert await world.api.service.commands["rebuild"](world.api.service, []) == 1
    assert capsys.readouterr().err.startswith("Not finished, run it again: ")
    assert await _shown(world) == shown


async def test_an_index_that_refuses_whom_the_shown_one_shows_is_given_up_until_its_mapping_is_mended(
    world: World, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties: Any = {**MAPPINGS["properties"], "name": {"type": "date"}}  # type: ignore[dict-item] # a mapping
    with monkeypatch.context() as mistaken:
        mistaken.setattr("search_service.index.MAPPINGS", {**MAPPINGS, "properties": properties})
        for _ in range(2):
            with pytest.raises(NotEqual, match="refuses 3 people whom the live index shows"):
                await rebuild(world.database, world.index, world.indexer)
            assert await _shown(world) == shown
            assert sorted(await world.names()) == NAMES
    await world.settle()
    async with world.database.connection() as connection:
        assert await store.generations(connection) == {"live": shown}
        assert await store.count_people(connection) == (3, 0), "nobody stays set aside for an index that is gone"
    assert await rebuild(world.database, world.index, world.indexer) == 3
    assert sorted(await world.names()) == NAMES


async def test_who_is_refused_everywhere_keeps_nobody_else_from_a_new_index(
    world: World, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable = world.person("Unreadable")
    send = world.index.send

    async def spoiling(generation: str, documents: Any) -> Any:
        spoilt = [(row, source | {"job_level": "x"} if _is(unreadable, row) else source) for row, source in documents]
        return await send(generation, spoilt)

    monkeypatch.setattr(world.index, "send", spoiling)
    await world.say(unreadable)
    assert await rebuild(world.database, world.index, world.indexer) == 3
    assert await _shown(world) != shown
    assert sorted(await world.names()) == NAMES


@pytest.mark.parametrize("state", ["previous", "live"])
async def test_an_index_that_somebody_deleted_by_hand_does_not_keep_a_new_one_from_being_built(
    world: World, shown: str, state: str
) -> None:
    await rebuild(world.database, world.index, world.indexer)
    async with world.database.connection() as connection:
        deleted = (await store.generations(connection))[state]
    await world.index.client.indices.delete(index=deleted)
    # As a process of its own: it has not seen this index before.
    assert await world.api.service.commands["rebuild"](world.api.service, []) == 0
    assert sorted(await world.names()) == NAMES
    async with world.database.connection() as connection:
        assert deleted not in (await store.generations(connection)).values()


@pytest.mark.parametrize("meanwhile", ["shown", "shown and left again"])
async def test_an_index_that_another_run_has_shown_is_not_swapped_once_more(
    world: World, shown: str, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    refresh, others = world.index.refresh, iter([meanwhile])

    async def overtaken(name: str) -> None:
        if next(others, None):
            assert await rebuild(world.database, world.index, world.indexer) == 3
            if meanwhile == "shown and left again":
                await rollback(world.database, world.index)
        await refresh(name)

    monkeypatch.setattr(world.index, "refresh", overtaken)
    status = await world.api.service.commands["rebuild"](world.api.service, [])
    async with world.database.connection() as connection:
        generations = await store.generations(connection)
    assert generations["live"] == await _shown(world)
    assert (status, await _shown(world) == shown) == ((0, False) if meanwhile == "shown" else (1, True))
    assert set(generations) == {"live", "previous"}
    assert sorted(await world.names()) == NAMES


@pytest.mark.parametrize("command", ["rebuild", "rollback"])
@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("--check", 2), ("now", 2)])
async def test_a_command_that_is_asked_for_help_or_what_it_does_not_know_does_nothing(
    world: World, shown: str, command: str, argument: str, status: int
) -> None:
    await rebuild(world.database, world.index, world.indexer)
    async with world.database.connection() as connection:
        before = await store.generations(connection)
    with pytest.raises(SystemExit) as left:
        await world.api.service.commands[command](world.api.service, [argument])
    assert left.value.code == status
    async with world.database.connection() as connection:
        assert await store.generations(connection) == before
    assert before["previous"] == shown


@pytest.mark.parametrize("away", [ConnectionTimeout("TIMEOUT", "timed out", None), ConnectionRefusedError()])
async def test_an_operator_who_goes_back_is_told_what_is_away(
    world: World, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], away: Exception
) -> None:
    async def act(*_: Any) -> None:
        raise away

    await rebuild(world.database, world.index, world.indexer)
    capsys.readouterr()
    with monkeypatch.context() as going:
        going.setattr(world.index if isinstance(away, ConnectionTimeout) else store, _STEP[type(away)], act)
        assert await world.api.service.commands["rollback"](world.api.service, []) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Not finished, run it again: ")
    assert await _shown(world) != shown


_STEP = {ConnectionTimeout: "show", ConnectionRefusedError: "lock_generations"}


async def _shown(world: World) -> str:
    shown: dict[str, Any] = await world.index.client.indices.get_alias(name=world.index.alias)
    return next(iter(shown))


def _is(person: Any, row: store.Pending) -> bool:
    return bool(row.person_id == person.person_id)


def _failing(send: Callable[..., Any], times: int, status: int | None) -> Callable[..., Any]:
    """OpenSearch that so many times does not answer (None), or says this of every document."""
    left = iter(range(times))

    async def act(generation: str, documents: Any) -> Any:
        if next(left, None) is None:
            return await send(generation, documents)
        if status is None:
            raise ConnectionTimeout("TIMEOUT", "timed out", None)
        return [{"status": status} for _ in documents]

    return act
