"""What became of a message that was handed over, and what follows from it. Pure."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

HandOver = Callable[[], Awaitable[None]]
"""Called right before a message is out of our hands. Raises NotOurs when somebody else has it in theirs."""


class NotOurs(Exception):
    """The delivery was taken over by another worker, or is there no more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`refused` was surely not taken and may be later, `impossible` never will be; of `unknown` nobody can tell."""

    what: Literal["sent", "refused", "impossible", "unknown"]
    reason: str = ""


SENT = Outcome("sent")
FIRST_PAUSE_S = 30
LONGEST_PAUSE_S = 3_600


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling, with jitter, at most an hour."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempts - 1, 10))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
