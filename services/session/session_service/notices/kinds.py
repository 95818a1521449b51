"""Every kind of notice, in one table; each has a template in every language. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from session_service.model import State

Mode = Literal["at_once", "digest", "off"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind goes out unless the person chose otherwise.

    What others wait for cannot be switched off (`may_be_off`): silence is what people complain of most. `states` are
    those in which it is still worth saying; a notice that comes later than that is not sent any more.
    """

    name: str
    mode: Mode = "at_once"
    may_be_off: bool = True
    states: frozenset[State] | None = None


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("asked", may_be_off=False, states=frozenset({"requested"})),
        Kind("reminded", may_be_off=False, states=frozenset({"requested"})),
        Kind("accepted", may_be_off=False, states=frozenset({"accepted", "held"})),
        Kind("declined", may_be_off=False),
        Kind("expired", may_be_off=False),
        Kind("call_not_taken", may_be_off=False),
        Kind("withdrawn"),
        Kind("unavailable", may_be_off=False),
        Kind("not_taking_part", may_be_off=False),
        Kind("cancelled", may_be_off=False),
        Kind("scheduled", states=frozenset({"accepted"})),
        Kind("rescheduled", states=frozenset({"accepted"})),
        Kind("session_soon", states=frozenset({"accepted"})),
        Kind("solved_in_chat"),
        Kind("message_waiting"),
        Kind("survey", states=frozenset({"held"})),
        Kind("follow_up", states=frozenset({"held", "solved"})),
        Kind("relationship_made"),
        Kind("paused_for_silence", may_be_off=False),
        Kind("skills_unconfirmed", mode="digest"),
    )
}
