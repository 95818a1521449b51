"""What is there on the stage of the session service: each operation finds its object in the state that allows it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from session_service import one_tap
from session_service.notices.links import Links, Unsubscription
from session_service.one_tap import Tap

from tests.contract.api.stages import Stage
from tests.integration.session.conftest import World
from tests.support.apis import LINK_KEY

MISSED = "UPDATE session SET starts_at = now() - interval '1 hour' WHERE session_id = $1"
LONG_AGO = "UPDATE session SET ended_at = now() - interval '31 days' WHERE session_id = $1"
SENT_JUST_NOW = "UPDATE message SET sent_at = now() + interval '1 day' WHERE message_id = $1"
"""However long the tests take, it can still be edited."""


async def objects(world: World, stage: Stage, learner: UUID, mentor: UUID, skill_id: UUID) -> dict[str, Any]:
    """Everything, by parameter, or by operation and parameter; what is somebody's own is the learner's."""
    waiting, agreed = await _asked(world, learner, mentor), await _agreed(world, learner, mentor)
    message_id = await _first_message(world, learner, waiting)
    await world.execute(SENT_JUST_NOW, UUID(message_id))
    await _done(world, learner, "PUT", "/me/calendar", {"time_zone": "Europe/Lisbon"})
    blocked, free = await world.person(), await world.person()
    await _done(world, learner, "PUT", f"/me/blocks/{blocked}")
    draft = await _done(world, learner, "POST", "/me/drafts", {})
    return {
        "session_id": waiting,
        "message_id": message_id,
        "program_id": world.program_id,
        "person_id": mentor,
        "block.person_id": free,
        "unblock.person_id": blocked,
        "draft_id": draft.json()["draft_id"],
        "call_id": await _call(world, learner, mentor, skill_id),
        "report_id": await _report(world, stage, mentor, agreed),
        **dict.fromkeys((f"{verb}_tap.token" for verb in ("show", "take")), _tap(mentor, waiting)),
        "token": _unsubscription(learner),
        **_of(agreed, "schedule", "cancel", "hold", "read_invitation", "solve_in_chat"),
        **await _later(world, learner, mentor),
    }


async def _later(world: World, learner: UUID, mentor: UUID) -> dict[str, Any]:
    """Sessions further on; as two took place, the pair has a relationship."""
    missed, proposed = await _agreed(world, learner, mentor), await _asked(world, learner, mentor)
    held, long_ago = await world.held(learner, mentor), await world.held(learner, mentor)
    await world.execute(MISSED, UUID(missed))
    await world.execute(LONG_AGO, UUID(long_ago))
    await _done(world, mentor, "POST", f"/sessions/{proposed}/counter-propose", {"format": "call"})
    return (
        _of(held, "answer_survey", "wish_to_meet_again")
        | _of(long_ago, "answer_follow_up")
        | _of(missed, "miss")
        | _of(proposed, "answer_proposal")
    )


def _of(session_id: str, *operations: str) -> dict[str, Any]:
    """The session that these operations are tried on."""
    return {f"{operation}.session_id": session_id for operation in operations}


async def _agreed(world: World, learner: UUID, mentor: UUID) -> str:
    """An accepted session with a time, in which both have written."""
    session_id = await _asked(world, learner, mentor)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await _done(world, mentor, "POST", f"/sessions/{session_id}/accept")
    await _done(world, mentor, "POST", f"/sessions/{session_id}/schedule", {"starts_at": tomorrow})
    await _done(world, mentor, "POST", f"/sessions/{session_id}/messages", {"text": "See you"})
    return session_id


async def _asked(world: World, learner: UUID, mentor: UUID) -> str:
    return await world.asked(learner, mentor, skill_id=str(uuid4()))


async def _call(world: World, learner: UUID, mentor: UUID, skill_id: UUID) -> str:
    """The id of the learner's open call."""
    declined = await world.asked(learner, mentor, skill_id=str(skill_id), open_to_all=True)
    await _done(world, mentor, "POST", f"/sessions/{declined}/decline", {})
    await world.settle()
    (call,) = (await world.get(learner, "/me/open-calls")).json()["items"]
    return str(call["call_id"])


async def _report(world: World, stage: Stage, mentor: UUID, session_id: str) -> str:
    """The id of the mentor's report, at which the reviewer has looked."""
    message_id = await _first_message(world, mentor, session_id)
    path = f"/sessions/{session_id}/messages/{message_id}/report"
    report_id = str((await _done(world, mentor, "POST", path, {"reason": "other"})).json()["report_id"])
    reviewer = stage.callers["reviewer"](b"")
    opened = await world.api.client.get(f"/api/v1/reports/{report_id}", headers=reviewer)
    assert opened.status_code == 200, opened.text
    return report_id


async def _first_message(world: World, by: UUID, session_id: str) -> str:
    """The id of what the learner wrote as they asked."""
    messages = (await world.get(by, f"/sessions/{session_id}/messages")).json()["items"]
    return str(messages[0]["message_id"])


def _tap(mentor: UUID, session_id: str) -> str:
    """The token with which the mentor says yes."""
    tap = Tap("accept", mentor, session_id=UUID(session_id))
    return one_tap.sign(LINK_KEY, tap, datetime.now(UTC) + timedelta(days=1))


def _unsubscription(person_id: UUID) -> str:
    link = Links("http://service", LINK_KEY).unsubscribe(Unsubscription(person_id, ["survey"], "en"))
    return link.rpartition("/")[2]


async def _done(world: World, by: UUID, method: str, path: str, body: Any = None) -> Any:
    """The answer to a request of somebody, which succeeded."""
    answer = await world.call(by, method, path, body)
    assert answer.is_success, answer.text
    return answer
