"""A service as a process of its own: how it starts, stops, breaks, and what a kill -9 leaves behind."""

import asyncio
from uuid import UUID, uuid4

import pytest
from chassis.database import Database
from flash_local import loopback

from tests.support.aggregates import TOPIC, change, versions
from tests.support.failing_service import PERSONAL
from tests.support.runner import Runner, lines, stopped
from tests.support.topics import Topics
from tests.support.waiting import eventually


@pytest.mark.parametrize("arguments", [(), ("relay",), ("api",), ("worker",), ("consume",)], ids=str)
async def test_a_service_becomes_ready_and_stops_in_order(runner: Runner, arguments: tuple[str, ...]) -> None:
    process, url = await runner.start(*arguments)
    await process.wait_ready()
    async with loopback.client(url) as client:
        assert (await client.get("/live")).json() == {"live": True, "problems": {}}
        assert "flash_" in (await client.get("/metrics")).text
        assert await stopped(process) == 0  # with a connection still open


async def test_a_service_publishes_first_what_is_committed_when_it_is_told_to_stop(
    runner: Runner, database: Database, topics: Topics
) -> None:
    process, _ = await runner.start(relay_poll_interval_ms=3_600_000)
    await process.wait_ready()
    async with database.transaction() as transaction:
        await change(transaction, aggregate_id := uuid4())
    assert await stopped(process) == 0
    assert versions(await topics.read(TOPIC)) == {aggregate_id: [1]}


async def test_a_component_that_breaks_ends_the_process_so_that_it_is_restarted(runner: Runner) -> None:
    status, output = await runner.output_of(module="tests.support.failing_service")
    assert status == 1
    (line,) = lines(output, "component_failed")
    assert (line["service"], line["component"], line["level"]) == ("chassis", "broken", "error")
    assert line["exception"][0]["type"] == "ZeroDivisionError"
    assert any("failing_service.py" in frame for frame in line["exception"][0]["frames"])
    assert PERSONAL not in output


async def test_a_service_without_its_database_does_not_start(runner: Runner) -> None:
    status, _ = await runner.output_of(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    assert status == 1


async def test_an_unknown_command_is_answered_with_those_there_are(runner: Runner) -> None:
    status, output = await runner.output_of("dance")
    assert status == 2
    assert "invalid choice: 'dance' (choose from 'all', 'api', 'relay', 'consume', 'worker', 'migrate')" in output


@pytest.mark.parametrize("command", [("dead-letters", "list"), ("replay",)], ids=str)
async def test_a_command_says_in_one_line_that_kafka_is_away(runner: Runner, command: tuple[str, ...]) -> None:
    module = "tests.support.troubled_service"
    status, output = await runner.output_of(*command, module=module, kafka_bootstrap="127.0.0.1:1")
    said = [line for line in output.splitlines() if not line.startswith("{")]
    assert (status, len(said)) == (1, 1), output
    assert said[0].startswith("Not finished, run it again: KafkaConnectionError(")


async def test_missing_settings_are_named_as_the_environment_has_them(runner: Runner) -> None:
    status, output = await runner.output_of(kafka_bootstrap=None, http_port="many")
    assert status == 1
    assert "FLASH_KAFKA_BOOTSTRAP, FLASH_HTTP_PORT" in output


PAUSE_S = 0.01  # bounds how much a slow machine has to publish and compare at the end


class Writers:
    """Four clients that change aggregates, some hundred times a second in all, until told to stop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stop = asyncio.Event()
        self._aggregate_ids = [uuid4() for _ in range(4)]

    async def __aenter__(self) -> "Writers":
        self._tasks = [asyncio.create_task(self._write(number)) for number in range(4)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def _write(self, number: int) -> None:
        while not self._stop.is_set():
            async with self._database.transaction() as transaction:
                await change(transaction, self._aggregate_ids[number % 4])
            number += 1
            await asyncio.sleep(PAUSE_S)

    async def committed(self) -> dict[UUID, list[int]]:
        """Every version that each aggregate has had."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT aggregate_id, version FROM aggregate")
        return {row["aggregate_id"]: list(range(1, row["version"] + 1)) for row in rows}


async def test_a_service_killed_under_load_loses_nothing_and_keeps_the_order(
    runner: Runner, database: Database, topics: Topics
) -> None:
    async with Writers(database) as writers:
        for _ in range(3):
            before = len(await topics.read(TOPIC))
            process, _ = await runner.start("relay", relay_window_records=20)

            async def gets_on(before: int = before) -> bool:
                return len(await topics.read(TOPIC)) > before + 50

            await eventually(gets_on, deadline_s=40)
            await process.kill()
            assert process.status == -9
    expected = await writers.committed()
    await runner.start("relay")

    async def everything_first_in_order() -> bool:
        found = versions(await topics.read(TOPIC))
        first = {subject: list(dict.fromkeys(numbers)) for subject, numbers in found.items()}
        return first == expected  # no `assert`: to explain how thousands of numbers differ takes seconds each time

    await eventually(everything_first_in_order, deadline_s=40)
