"""When a process ends itself: in trouble that a restart would end, and in no other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from chassis import watchdog
from chassis.health import Component, Health
from chassis.progress import Progress
from chassis.settings import Settings
from chassis.watchdog import Watchdog

from tests.support.apis import offline_settings
from tests.support.waiting import eventually

PATIENCE_S = 0.2


class Part:
    """A component in whatever state a test wants."""

    name, kind = "part", "worker"

    def __init__(self, trouble: str | None = None) -> None:
        self.trouble = trouble

    async def run(self, *_: Any) -> None:
        """Never asked for here."""

    def problem(self) -> str | None:
        return self.trouble


class Engine:
    """What a component needs, there or not."""

    def __init__(self, *, away: bool) -> None:
        self.away = away

    async def ping(self) -> None:
        if self.away:
            raise ConnectionRefusedError


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_INTERVAL_S", 0.01)


def watching(part: Part, ping: Callable[[], Awaitable[None]]) -> tuple[Health, Watchdog]:
    settings = Settings(**offline_settings("postgresql://"), stalled_after_ms=100, restart_after_ms=300)
    health = Health("test", [cast(Component, part)], {})
    return health, Watchdog(health, {"kafka": ping}, settings)


async def ends(dog: Watchdog, within_s: float) -> bool:
    try:
        await asyncio.wait_for(dog.run(), within_s)
    except TimeoutError:
        return False
    return True


async def test_trouble_that_lasts_though_everything_answers_ends_the_process() -> None:
    _, dog = watching(Part("stuck"), Engine(away=False).ping)
    assert not await ends(dog, PATIENCE_S / 2)
    assert await ends(dog, 5)


async def test_a_process_that_is_well_goes_on() -> None:
    _, dog = watching(Part(), Engine(away=False).ping)
    assert not await ends(dog, PATIENCE_S * 3)


async def test_trouble_goes_on_while_something_does_not_answer_and_then_has_its_time_to_end() -> None:
    engine = Engine(away=True)
    health, dog = watching(Part("stuck"), engine.ping)
    assert not await ends(dog, PATIENCE_S * 3)
    assert health.unanswered == {"kafka": "does not answer (ConnectionRefusedError)"}
    engine.away = False
    assert not await ends(dog, PATIENCE_S / 2)
    assert health.unanswered == {}
    assert await ends(dog, 5)


async def test_trouble_that_comes_and_goes_ends_nothing() -> None:
    part = Part("stuck")
    _, dog = watching(part, Engine(away=False).ping)
    for _ in range(4):
        assert not await ends(dog, PATIENCE_S * 0.6)
        part.trouble = None
        assert not await ends(dog, 0.05)
        part.trouble = "stuck"


async def test_progress_is_measured_from_the_last_success() -> None:
    progress = Progress()
    assert progress.stalled_s() == 0
    progress.began()
    await eventually(lambda: progress.stalled_s() > 0.05)
    progress.began()
    assert progress.stalled_s() > 0.05
    progress.got_on()
    assert progress.stalled_s() < 0.05
    progress.rested()
    assert progress.stalled_s() == 0


async def test_a_part_that_was_done_before_the_failure_is_no_progress_and_one_beyond_it_is() -> None:
    progress = Progress()
    progress.began()
    progress.got_on()
    progress.failed()
    await eventually(lambda: progress.stalled_s() > 0.05)
    progress.got_on()
    assert progress.stalled_s() > 0.05
    progress.failed()
    progress.got_on()
    assert progress.stalled_s() > 0.05
    progress.got_on()
    assert progress.stalled_s() < 0.05


async def test_who_drains_a_long_backlog_after_an_outage_gets_on() -> None:
    progress = Progress()
    progress.began()
    progress.failed()
    await eventually(lambda: progress.stalled_s() > 0.05)
    progress.began()
    progress.got_on()
    assert progress.stalled_s() < 0.05
