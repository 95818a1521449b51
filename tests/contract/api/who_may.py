"""Who may do what, for a person to read: each operation of each service, and the callers whom it answers with success.

Everybody else is refused: 401 without a token (or, where one is taken, a signature), 403 or 404 with one.
`caller:409` is a caller whom the operation concerns, but whom the rules of the moment refuse with this status. The
objects are the same for all callers; what is one's own, another's or foreign is how a caller stands to them:

nobody sends no token, and no_role one without a role. hr_platform, operator, auditor and skill_editor are programs,
sender one that signs what it sends. All others are employees: owner owns the program, other_owner another one;
colleague takes part in it, stranger in another one; leaver has left, forgotten was erased, newcomer is nobody the
service knows. In the profile service subject is the person whose data is asked for, manager the manager of that person,
who is in another program. In the session service learner and mentor are those whom the session concerns, and manager is
the learner's, who takes part in the same program; the service is told of no managers. Colleague knows the skill that
the learner's call is about, and reviewer decides on reports, being on neither side. Whoever has a signed link is
answered, and nobody else, whatever token they send.
"""

from collections.abc import Callable

HERE = "subject colleague manager stranger owner other_owner"
SIGNED_IN = f"{HERE} leaver forgotten newcomer"
THE_TWO = "learner mentor"
IN_SESSIONS = f"{THE_TWO} colleague manager stranger owner leaver newcomer"
WITH_THE_LINK = f"{IN_SESSIONS} nobody no_role hr_platform operator auditor skill_editor reviewer"
IN_SEARCH = "colleague stranger owner other_owner leaver newcomer"

WHO_MAY: dict[str, dict[str, str]] = {
    "profile": {
        "GET /audit": "auditor operator",
        "POST /hr/org-events": "hr_platform",
        "GET /hr/people/{employee_number}": "hr_platform",
        "GET /hr/progress": "hr_platform",
        "POST /hr/signed-org-events/{client}": "sender",
        "GET /hr/snapshots": "hr_platform",
        "GET /me/erasure": "forgotten",
        "POST /me/erasure": f"{HERE} leaver forgotten",
        "GET /me/export": f"{HERE} leaver",
        "PUT /me/participations/{program_id}": HERE,
        "GET /me/photo": f"{HERE} leaver",
        "PUT /me/photo": HERE,
        "DELETE /me/photo": HERE,
        "GET /me/profile": f"{HERE} leaver",
        "PUT /me/profile": HERE,
        "PATCH /me/profile": HERE,
        "POST /me/profile/confirm": HERE,
        "GET /me/profile/preview": HERE,
        "GET /me/skill-suggestions": f"{HERE} leaver",
        "POST /me/skill-suggestions/{skill_id}/accept": HERE,
        "POST /me/skill-suggestions/{skill_id}/dismiss": HERE,
        "GET /people/{person_id}": "subject colleague owner",
        "GET /people/{person_id}/erasure": "operator",
        "POST /people/{person_id}/erasure": "operator",
        "GET /people/{person_id}/photo": "subject colleague owner",
        "GET /programs": SIGNED_IN,
        "POST /programs": "owner other_owner",
        "POST /programs/preview": "owner",
        "GET /programs/{program_id}": "subject colleague owner",
        "PUT /programs/{program_id}": "owner",
        "POST /programs/{program_id}/archive": "owner",
        "POST /programs/{program_id}/clone": "owner",
        "PUT /programs/{program_id}/owners/{person_id}": "owner operator",
        "DELETE /programs/{program_id}/owners/{person_id}": "owner",
        "POST /programs/{program_id}/roll-over": "owner",
        "GET /programs/{program_id}/versions": "owner auditor",
        "GET /programs/{program_id}/visibility": "owner auditor",
        "GET /skills": f"{SIGNED_IN} operator skill_editor",
        "POST /skills": "owner other_owner operator skill_editor",
        "GET /skills/{skill_id}": f"{SIGNED_IN} operator skill_editor",
        "PUT /skills/{skill_id}": "owner other_owner operator skill_editor",
        "GET /units": f"{SIGNED_IN} operator",
    },
    "session": {
        "GET /me/availability": IN_SESSIONS,
        "PUT /me/availability": IN_SESSIONS,
        "POST /me/availability/return": IN_SESSIONS,
        "GET /me/blocks": IN_SESSIONS,
        "DELETE /me/blocks/{person_id}": "learner",
        "PUT /me/blocks/{person_id}": IN_SESSIONS,
        "DELETE /me/calendar": IN_SESSIONS,
        "GET /me/calendar": "learner",
        "PUT /me/calendar": IN_SESSIONS,
        "GET /me/drafts": IN_SESSIONS,
        "POST /me/drafts": IN_SESSIONS,
        "DELETE /me/drafts/{draft_id}": "learner",
        "PUT /me/drafts/{draft_id}": "learner",
        "GET /me/notice-preferences": IN_SESSIONS,
        "PUT /me/notice-preferences": IN_SESSIONS,
        "GET /me/notices": IN_SESSIONS,
        "POST /me/notices/read": IN_SESSIONS,
        "GET /me/open-calls": IN_SESSIONS,
        "GET /me/relationships": IN_SESSIONS,
        "DELETE /me/relationships/{program_id}/{person_id}": "learner",
        "GET /me/sessions/export": IN_SESSIONS,
        "GET /me/stream": IN_SESSIONS,
        "GET /mentors/{person_id}/expectation": "learner colleague manager",
        "GET /notices/unsubscribe/{token}": WITH_THE_LINK,
        "POST /notices/unsubscribe/{token}": WITH_THE_LINK,
        "GET /one-tap/{token}": WITH_THE_LINK,
        "POST /one-tap/{token}": WITH_THE_LINK,
        "GET /open-calls": IN_SESSIONS,
        "POST /open-calls/{call_id}/take": "colleague",
        "POST /open-calls/{call_id}/withdraw": "learner",
        "GET /programs/{program_id}/survey-results": "owner",
        "GET /reports": "reviewer",
        "GET /reports/{report_id}": "reviewer",
        "POST /reports/{report_id}/decision": "reviewer",
        "GET /reports/{report_id}/views": "reviewer auditor",
        "GET /sessions": IN_SESSIONS,
        "POST /sessions": "learner mentor:422 colleague manager",
        "GET /sessions/{session_id}": THE_TWO,
        "POST /sessions/{session_id}/accept": "mentor learner:409",
        "POST /sessions/{session_id}/answer-proposal": "learner mentor:409",
        "POST /sessions/{session_id}/ask-for-information": "mentor learner:409",
        "POST /sessions/{session_id}/cancel": THE_TWO,
        "PUT /sessions/{session_id}/card": "learner mentor:409",
        "POST /sessions/{session_id}/counter-propose": "mentor learner:409",
        "POST /sessions/{session_id}/decline": "mentor learner:409",
        "POST /sessions/{session_id}/follow-up": "learner mentor:409",
        "POST /sessions/{session_id}/held": THE_TWO,
        "GET /sessions/{session_id}/invitation.ics": THE_TWO,
        "POST /sessions/{session_id}/meet-again": THE_TWO,
        "GET /sessions/{session_id}/messages": THE_TWO,
        "POST /sessions/{session_id}/messages": THE_TWO,
        "PUT /sessions/{session_id}/messages/{message_id}": "learner mentor:409",
        "POST /sessions/{session_id}/messages/{message_id}/report": "mentor learner:422",
        "POST /sessions/{session_id}/not-held": THE_TWO,
        "POST /sessions/{session_id}/read": THE_TWO,
        "POST /sessions/{session_id}/schedule": THE_TWO,
        "GET /sessions/{session_id}/slots": THE_TWO,
        "POST /sessions/{session_id}/solved-in-chat": "learner mentor:409",
        "GET /sessions/{session_id}/statements": THE_TWO,
        "GET /sessions/{session_id}/survey": THE_TWO,
        "POST /sessions/{session_id}/survey": THE_TWO,
        "POST /sessions/{session_id}/view": "mentor learner:409",
        "POST /sessions/{session_id}/withdraw": "learner mentor:409",
    },
    "search": {
        "GET /me/searches/export": IN_SEARCH,
        "GET /programs/{program_id}/people": "colleague owner",
        "GET /search/unlinked-terms": "owner other_owner operator skill_editor",
    },
    "analytics": {
        "GET /me/figures/export": "colleague stranger owner other_owner leaver newcomer",
        "GET /programs/{program_id}/report": "owner",
    },
}
"""By service and operation."""
WITHOUT_TOKEN = frozenset({"nobody", "sender"})


def expected(service: str, operation: str, caller: str) -> Callable[[int], bool]:
    """Whether a status is what a caller should get. Raises KeyError for an operation without a line."""
    line = dict(entry.partition(":")[::2] for entry in WHO_MAY[service][operation].split())
    if caller in line:
        status = line[caller]
        return lambda given: str(given) == status if status else 200 <= given < 300
    signed_in = caller not in WITHOUT_TOKEN and "sender" not in line
    return lambda given: given in (403, 404) if signed_in else given == 401
