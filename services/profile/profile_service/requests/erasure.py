"""The bodies of requests to be forgotten."""

from typing import Literal

from chassis.http import Strict
from flash_schemas.erasure import ErasureReason


class OwnErasure(Strict):
    """To forget oneself, for ever. The phrase is typed by the person, so that no slip of a finger does it."""

    confirmation: Literal["erase me for ever"]


class ErasureOrder(Strict):
    """To forget somebody, by an operator who can say why."""

    reason: ErasureReason
