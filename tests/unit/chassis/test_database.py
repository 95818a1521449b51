"""Which failures pass by themselves: only those may be retried, and only those must not park an event."""

import asyncio
from types import SimpleNamespace
from typing import Any

import asyncpg
import orjson
import pytest
from asyncpg.pgproto import pgproto
from chassis.database import Database, is_transient, prepare

OF_THE_MOMENT = [
    ConnectionResetError(),
    OSError(101, "network is unreachable"),
    TimeoutError(),
    asyncpg.DeadlockDetectedError(""),
    asyncpg.SerializationError(""),
    asyncpg.LockNotAvailableError(""),
    asyncpg.QueryCanceledError(""),
    asyncpg.TooManyConnectionsError(""),
    asyncpg.DiskFullError(""),
    asyncpg.AdminShutdownError(""),
    asyncpg.CrashShutdownError(""),
    asyncpg.CannotConnectNowError(""),
    asyncpg.ConnectionDoesNotExistError(""),
    asyncpg.ConnectionFailureError(""),
    asyncpg.IdleInTransactionSessionTimeoutError(""),
    asyncpg.ReadOnlySQLTransactionError(""),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    asyncpg.InvalidCachedStatementError("cached statement plan is invalid"),
    asyncpg.OutdatedSchemaCacheError("unexpected number of attributes of composite type"),
]
FOR_GOOD = [
    ValueError(),
    KeyError("x"),
    ZeroDivisionError(),
    asyncpg.UniqueViolationError(""),
    asyncpg.ForeignKeyViolationError(""),
    asyncpg.CheckViolationError(""),
    asyncpg.NotNullViolationError(""),
    asyncpg.UndefinedTableError(""),
    asyncpg.FeatureNotSupportedError(""),
    asyncpg.InvalidTextRepresentationError(""),
    asyncpg.NumericValueOutOfRangeError(""),
    asyncpg.CharacterNotInRepertoireError(""),
    asyncpg.InsufficientPrivilegeError(""),
    asyncpg.exceptions._base.DataError("an argument of the wrong type"),
    asyncpg.ProtocolError("unexpected input"),
    asyncio.CancelledError(),
]


@pytest.mark.parametrize("error", OF_THE_MOMENT, ids=lambda error: type(error).__name__)
def test_a_failure_of_the_moment_is_known_as_such(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", FOR_GOOD, ids=lambda error: type(error).__name__)
def test_a_failure_for_good_is_not_taken_for_one_of_the_moment(error: Exception) -> None:
    assert not is_transient(error)


async def test_a_database_that_was_not_opened_says_so() -> None:
    settings: Any = SimpleNamespace()
    with pytest.raises(AssertionError, match="open"):
        await Database(settings).ping()


async def test_ids_that_were_read_from_the_database_can_be_written_as_json() -> None:
    codecs: dict[str, Any] = {}

    async def keep(name: str, **codec: Any) -> None:
        codecs[name] = codec

    await prepare(SimpleNamespace(set_type_codec=keep))
    encode = codecs["jsonb"]["encoder"]
    text = "0190a0a0-0000-7000-8000-000000000001"
    assert orjson.loads(encode({"id": pgproto.UUID(text)})) == {"id": text}
    with pytest.raises(TypeError):
        encode({"what": object()})
