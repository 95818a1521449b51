"""`make bench`: every figure beside its floor, on real engines, in one run. `python -m tests.bench NAME` runs one."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from flash_local.engines.every import Engines

from tests.bench import changes, hr, messages, platform, relay, reorganisation, rollups, rules, scim, search, sessions
from tests.support import engines as shared

ON_ENGINES: dict[str, Callable[[Engines], Awaitable[None]]] = {
    "changes": partial(changes.run, units=5_000, changes=500),
    "changes-small": partial(changes.run, units=100, changes=100),
    "hr": partial(hr.run, people=2_000),
    "hr-100k": partial(hr.run, people=100_000),
    "messages": partial(messages.run, streams=1_000),
    "messages-100": partial(messages.run, streams=100),
    "relay": relay.run,
    "reorganisation": partial(reorganisation.run, people=10_000),
    "reorganisation-1k": partial(reorganisation.run, people=1_000),
    "rollups": rollups.run,
    "rules": partial(rules.run, people=2_000),
    "rules-100k": partial(rules.run, people=100_000),
    "scim": partial(scim.run, people=2_000),
    "scim-100k": partial(scim.run, people=100_000),
    "sessions": sessions.run,
    "sessions-small": partial(sessions.run, seeds=2, expiring=500, over_s=5, accepts=300, steps=5_000),
    "search": partial(search.run, people=2_000),
    "search-100k": partial(search.run, people=100_000),
}


def main() -> None:
    """Run what is asked for, or everything."""
    asked = sys.argv[1:] or [*ON_ENGINES, "platform"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics take a moment to have leaders
    shared.open_folder()
    try:
        for name in asked:
            if name == "platform":
                platform.run()
            else:
                asyncio.run(_on_engines(ON_ENGINES[name]))
    finally:
        shared.close_folder()


async def _on_engines(bench: Callable[[Engines], Awaitable[None]]) -> None:
    await bench(shared.given() or shared.running())


if __name__ == "__main__":
    main()
