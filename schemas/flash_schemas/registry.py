"""Every event of the published language by its CloudEvents type: what a consumer decodes with."""

from flash_schemas import erasure, profile, search, session
from flash_schemas.base import Event

EVENTS: dict[str, type[Event]] = {
    event.TYPE: event
    for event in (
        profile.ProfileChangedV1,
        profile.ProgramChangedV1,
        profile.SkillChangedV1,
        session.SessionRequestedV1,
        session.SessionViewedV1,
        session.SessionMoreInformationAskedV1,
        session.SessionCounterProposedV1,
        session.SessionAcceptedV1,
        session.SessionDeclinedV1,
        session.SessionExpiredV1,
        session.SessionWithdrawnV1,
        session.SessionPassedOnV1,
        session.SessionOpenedToAllV1,
        session.SessionScheduledV1,
        session.SessionRescheduledV1,
        session.SessionCancelledV1,
        session.SessionHeldV1,
        session.SessionNotHeldV1,
        session.SessionSolvedInChatV1,
        session.SurveySentV1,
        session.SurveyAnsweredV1,
        session.FollowUpAnsweredV1,
        session.RelationshipMadeV1,
        session.RelationshipEndedV1,
        session.MessageSentV1,
        session.MessageReadV1,
        session.AvailabilityChangedV1,
        session.BlockChangedV1,
        search.SearchPerformedV1,
        erasure.ErasureRequestedV1,
        erasure.ErasureConfirmedV1,
    )
}
