"""Which steps of a session both of its people see at once. Step 3 of the write path; pure.

What one of the two did for themselves alone is none of them: the moment at which it happened would tell the other.
"""

from flash_schemas import session as said
from flash_schemas.session import SessionEvent

from session_service.model.session import Step

SEEN_BY_BOTH: frozenset[type[SessionEvent]] = frozenset(
    {
        said.SessionRequestedV1,
        said.SessionViewedV1,
        said.SessionMoreInformationAskedV1,
        said.SessionCounterProposedV1,
        said.SessionAcceptedV1,
        said.SessionDeclinedV1,
        said.SessionExpiredV1,
        said.SessionWithdrawnV1,
        said.SessionScheduledV1,
        said.SessionRescheduledV1,
        said.SessionCancelledV1,
        said.SessionHeldV1,
        said.SessionNotHeldV1,
        said.SessionSolvedInChatV1,
        said.RelationshipMadeV1,
    }
)
ONES_OWN: frozenset[type[SessionEvent]] = frozenset(
    {
        said.SessionPassedOnV1,
        said.SessionOpenedToAllV1,
        said.SurveySentV1,
        said.SurveyAnsweredV1,
        said.FollowUpAnsweredV1,
        said.RelationshipEndedV1,
    }
)


def seen_by_both(step: Step) -> bool:
    """Whether a step is shown to the two as it happens."""
    return any(type(event) in SEEN_BY_BOTH for event in step.events)
