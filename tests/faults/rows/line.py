"""Rows in which the line between the services and the broker is bad while both are well."""

import asyncio

from tests.faults.load import Pace
from tests.faults.run import SEEDS_SLOW, Run, row

LONGER_THAN_A_SEND_WAITS_S = 18
GARBLED = (b"ce_type", b"\xffe_type")
"""It is in the headers of every event, and only in records: a broken length or position would be another fault."""


@row(21, "the line to the broker delays, cuts, resets, throttles or holds what it carries")
async def the_line_to_the_broker_is_bad(run: Run) -> None:
    async with run.writing():
        await run.a_moment()
        what = await _spoil(run, "kafka")
        run.system.proxies["kafka"].mend()
        run.happened(f"the line to the broker {what}")


async def _spoil(run: Run, engine: str) -> str:
    """Make a line bad for a while; what it did."""
    proxy = run.system.proxies[engine]
    match run.one_of("cut", "delayed", "reset", "throttled", "held"):
        case "cut":
            for _ in range(5):
                proxy.cut_after(run.random.randint(1, 400))
                await run.a_moment(0.5)
            return "was cut in the middle of answers"
        case "delayed":
            proxy.delay_ms = 3_000
            await asyncio.sleep(6)
            return "was 3 s late"
        case "reset":
            for _ in range(5):
                proxy.reset()
                await run.a_moment(0.5)
            return "was reset"
        case "throttled":
            proxy.throttle_bytes_per_s = 20_000
            await asyncio.sleep(5)
            return "carried 20 kB a second"
        case _:
            proxy.hold()
            await asyncio.sleep(8)
            return "held everything for 8 s"


@row(47, "the line changes what it carries now and then: what cannot be read takes nothing with it")
async def the_line_changes_what_it_carries(run: Run) -> None:
    proxy = run.system.proxies["kafka"]
    async with run.writing(Pace(messages=80, asks=16, seconds=5)):
        for _ in range(8):
            proxy.garbles = GARBLED
            await run.a_moment(0.5)
            proxy.mend()
            await run.a_moment(0.5)
        run.happened("the line changed records on their way to those who read them")


@row(
    48,
    "the line holds what was sent for longer than a send waits, and gives it then: nothing older comes last",
    seeds=SEEDS_SLOW,
)
async def the_line_gives_late_what_was_sent(run: Run) -> None:
    proxy = run.system.proxies["kafka"]
    async with run.writing(Pace(messages=60, asks=12, seconds=LONGER_THAN_A_SEND_WAITS_S + 2)):
        await run.a_moment()
        proxy.hold()
        await asyncio.sleep(LONGER_THAN_A_SEND_WAITS_S)
        proxy.mend()
        run.happened(f"the line held everything for {LONGER_THAN_A_SEND_WAITS_S} s and gave it then")
