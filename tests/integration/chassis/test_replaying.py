"""Everything is read once more while the consumers run, and the command says when they have."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from chassis import replaying
from chassis.consumer import Consumer
from chassis.runtime import Service

from tests.support.aggregates import TOPIC
from tests.support.consumers import Kit, take


def a_service(kit: Kit) -> Service:
    return Service("test", kit.settings, kit.database, consumers=[Consumer("taker", (TOPIC,), take)])


async def test_the_running_consumers_read_everything_again(kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        await kit.start(kit.component(position_check_interval_ms=50))
    sent = await kit.send(30)
    await kit.all_handled(sent)
    before = await kit.positions()
    assert await replaying.replay(a_service(kit), []) == 0
    assert await kit.positions() == before
    await kit.all_handled(sent + sent)
    assert capsys.readouterr().out.splitlines()[-1] == "read again: taker 30 of 30"


async def test_what_arrives_meanwhile_is_handled_once(kit: Kit) -> None:
    await kit.start(kit.component(position_check_interval_ms=50))
    sent = await kit.send(20)
    await kit.all_handled(sent)
    extents = await replaying.read_extents(kit.settings, a_service(kit).consumers)
    new = await kit.send(5)
    await kit.all_handled(sent + new)
    async with kit.database.transaction() as transaction:
        await replaying.rewind_all(transaction, extents)
    newer = await kit.send(5)
    assert await replaying.followed(kit.database, extents)
    await kit.all_handled((sent + new) * 2 + newer)


async def test_an_empty_topic_is_read_again_at_once(kit: Kit) -> None:
    assert await replaying.replay(a_service(kit), []) == 0


async def test_consumers_that_do_not_run_are_missed_and_go_on_when_they_do(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replaying, "PATIENCE_S", 0.5)
    stop = await kit.start(kit.component())
    sent = await kit.send(5, uuid4())
    await kit.all_handled(sent)
    stop.set()
    assert await replaying.replay(a_service(kit), []) == 1
    assert "does a process with the consumers run?" in capsys.readouterr().out
    await kit.start(kit.component())
    await kit.all_handled(sent + sent)


def test_a_service_has_the_tools_of_consumers_when_it_consumes(kit: Kit) -> None:
    assert {*a_service(kit).commands} == {"dead-letters", "replay"}
    assert {*Service("test", kit.settings, kit.database).commands} == set()
    own = Service("test", kit.settings, kit.database, consumers=a_service(kit).consumers, commands={"replay": other})
    assert own.commands["replay"] is other


async def other(_service: Service, _arguments: Sequence[str]) -> int:
    return 0
