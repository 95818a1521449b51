"""Beside the data's way: how a command of an operator's ends when an engine goes away meanwhile."""

import sys
from collections.abc import Awaitable

from aiokafka.errors import KafkaError

from chassis.database import is_transient
from chassis.kafka import PublishFailed


async def to_its_end(command: Awaitable[int], away: tuple[type[Exception], ...] = ()) -> int:
    """Its status; 1 with one line when an engine goes away. `away` is what one says that the chassis does not know."""
    try:
        return await command
    except Exception as error:
        if not (isinstance(error, (KafkaError, PublishFailed, *away)) or is_transient(error)):
            raise
        print(f"Not finished, run it again: {error!r}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
