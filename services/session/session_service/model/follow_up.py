"""The rules of meeting again. Step 3 of the write path; pure."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal
from uuid import UUID

from flash_schemas.base import Role
from flash_schemas.session import RelationshipEndedV1, RelationshipMadeV1

from session_service.model.session import Session, Step, WrongState, about

MadeBy = Literal["both_wished", "held_again"]
MEET_AGAIN_WITHIN = timedelta(days=90)


def check_wish(session: Session, by: UUID) -> Role:
    """The side on which somebody may say whether to meet again. Raises WrongState, NotFound."""
    side = session.side_of(by)
    if session.state != "held":
        raise WrongState("Meet first: say that the session was held.")
    return side


def related(session: Session, by: MadeBy) -> Step:
    """The two have a relationship from now on."""
    moved = replace(session, version=session.version + 1)
    return Step(moved, (RelationshipMadeV1(**about(session), by=by),))


def parted(session: Session) -> Step:
    """The two, who held this session, have no relationship any more."""
    moved = replace(session, version=session.version + 1)
    return Step(moved, (RelationshipEndedV1(**about(session)),))
