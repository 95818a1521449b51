"""The command line of a service: what it understands, and what it says while an engine is away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from chassis.database import Database
from chassis.kafka import PublishFailed
from chassis.runtime import Service, main, run_command
from chassis.settings import Settings

from tests.support.apis import offline_settings
from tests.support.empty_service import build

SETTINGS = Settings(**offline_settings("postgresql://nobody@127.0.0.1:1/nothing"))
AWAY = [
    KafkaConnectionError("no broker"),
    PublishFailed("not acknowledged"),
    TimeoutError(),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
]


class Open(Database):
    """One that is there for whoever does not ask it anything."""

    async def open(self) -> None:
        pass


async def commanded(error: Exception) -> int:
    async def fail(_service: Service, _arguments: Sequence[str]) -> int:
        raise error

    return await run_command(Service("test", SETTINGS, Open(SETTINGS)), fail, [])


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_a_command_whose_engine_goes_away_says_in_one_line_to_run_it_again(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await commanded(error) == 1
    assert capsys.readouterr().err == f"Not finished, run it again: {error!r}\n"


async def test_a_defect_of_a_command_is_not_taken_for_an_engine_that_is_away() -> None:
    with pytest.raises(ZeroDivisionError):
        await commanded(ZeroDivisionError())


async def test_a_command_without_its_database_says_so_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    async def unreached(_service: Service, _arguments: Sequence[str]) -> int:
        raise AssertionError("it has no database")

    assert await run_command(Service("test", SETTINGS, Database(SETTINGS)), unreached, []) == 1
    assert capsys.readouterr().err.startswith("Not begun: ConnectionRefusedError(")


def status_of(*arguments: str) -> Any:
    """The exit status of the service's process when its command line is wrong, or asks for help."""
    given: Any = lambda: SETTINGS  # noqa: E731 - in the place of a class that reads the environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["service", *arguments])
        with pytest.raises(SystemExit) as ended:
            main(build, given, Path("no migrations"))
    return ended.value.code


@pytest.mark.parametrize("arguments", [("api", "--check"), ("all", "again"), ("migrate", "--check"), ("--check",)])
def test_what_takes_no_arguments_does_nothing_when_it_gets_one(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(*arguments) == 2
    assert "unrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("--help",), ("api", "--help"), ("migrate", "--help")])
def test_every_command_tells_how_it_is_used(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(*arguments) == 0
    assert capsys.readouterr().out.startswith("usage: ")
