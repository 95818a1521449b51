"""A reported message is read by named reviewers alone, who are noted; nobody else reads what two people write."""

import asyncio
import re
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.auth import ROLES
from chassis.runtime import create_api
from flash_schemas.erasure import ErasureRequestedV1
from session_service.commands import delete_copies, reporting
from session_service.erasure import erase
from session_service.store import report_of

from tests.integration.session.conftest import World
from tests.support.canaries import in_databases

WORD = "zqreported"
METHODS = ("get", "post", "put", "delete")


async def call(world: World, method: str, who: dict[str, str], path: str, body: Any = None) -> Any:
    return await world.api.client.request(method, f"/api/v1{path}", json=body, headers=who)


def employee(world: World, person_id: UUID) -> dict[str, str]:
    return world.api.callers.sign_in("employee", person_id=person_id)


def reviewer(world: World, person_id: UUID | None = None) -> dict[str, str]:
    return world.api.callers.sign_in("employee", "reviewer", person_id=person_id or uuid4())


class Reported:
    """A conversation of which one message was reported by its reader."""

    def __init__(self, world: World, learner: UUID, mentor: UUID) -> None:
        self.world, self.learner, self.mentor = world, learner, mentor
        self.session_id, self.message_id, self.report_id = "", "", ""

    async def report(self, by: UUID, message_id: str | None = None, reason: str = "harassment") -> Any:
        path = f"/sessions/{self.session_id}/messages/{message_id or self.message_id}/report"
        return await call(self.world, "post", employee(self.world, by), path, {"reason": reason})


@pytest.fixture
async def reported(world: World) -> Reported:
    case = Reported(world, await world.person(), await world.person())
    case.session_id = await world.asked(case.learner, case.mentor)
    path = f"/sessions/{case.session_id}/messages"
    sent = await call(world, "post", employee(world, case.mentor), path, {"text": WORD})
    case.message_id = sent.json()["message_id"]
    answer = await case.report(case.learner)
    assert answer.status_code == 201, answer.text
    case.report_id = answer.json()["report_id"]
    return case


async def test_a_reviewer_reads_the_copy_as_it_was_and_is_noted_each_time(reported: Reported) -> None:
    world, person_id = reported.world, uuid4()
    edit = f"/sessions/{reported.session_id}/messages/{reported.message_id}"
    await call(world, "put", employee(world, reported.mentor), edit, {"text": "Nothing happened"})
    listed = await call(world, "get", reviewer(world, person_id), "/reports")
    assert [item["report_id"] for item in listed.json()["items"]] == [reported.report_id]
    assert WORD not in listed.text
    path = f"/reports/{reported.report_id}"
    first, second = [(await call(world, "get", reviewer(world, person_id), path)).json() for _ in range(2)]
    assert (first["text"], first["reason"], first["author_id"]) == (WORD, "harassment", str(reported.mentor))
    assert [len(opened["views"]) for opened in (first, second)] == [1, 2]
    views = await call(world, "get", world.api.callers.sign_in("auditor"), f"{path}/views")
    assert [view["reviewer_id"] for view in views.json()["items"]] == [str(person_id)] * 2
    assert WORD not in views.text


async def test_a_message_is_reported_once_by_its_reader_and_its_author_is_not_told(reported: Reported) -> None:
    world = reported.world
    again = await reported.report(reported.learner, reason="other")
    assert (again.json()["report_id"], again.json()["reason"]) == (reported.report_id, "harassment")
    own = await reported.report(reported.mentor)
    assert (own.status_code, own.json()["errors"][0]["field"]) == (422, "message_id")
    assert (await reported.report(await world.person())).status_code == 404
    assert (await reported.report(reported.learner, str(uuid4()))).status_code == 404
    people = (reported.learner, reported.mentor)
    exports = [await call(world, "get", employee(world, each), "/me/sessions/export") for each in people]
    assert [len(export.json()["reports"]) for export in exports] == [1, 0]


async def test_a_decision_is_kept(reported: Reported) -> None:
    world, path = reported.world, f"/reports/{reported.report_id}/decision"
    decisions = ("upheld", "upheld", "dismissed")
    decided = [await call(world, "post", reviewer(world), path, {"decision": each}) for each in decisions]
    assert [answer.status_code for answer in decided] == [200, 200, 409]
    assert decided[0].json() == decided[1].json()
    assert decided[0].json()["decision"] == "upheld"
    assert (await call(world, "get", reviewer(world), "/reports")).json()["items"] == []
    all_of_them = (await call(world, "get", reviewer(world), "/reports?decided=true")).json()["items"]
    assert [item["decision"] for item in all_of_them] == ["upheld"]
    own = (await call(world, "get", employee(world, reported.learner), "/me/sessions/export")).json()["reports"]
    assert own[0]["decision"] == "upheld", "who reported it can see that"


async def test_of_two_decisions_at_once_one_is_kept(reported: Reported) -> None:
    world, path = reported.world, f"/reports/{reported.report_id}/decision"
    answers = await asyncio.gather(
        *(call(world, "post", reviewer(world), path, {"decision": each}) for each in ("upheld", "dismissed"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_nobody_reviews_a_conversation_of_their_own(reported: Reported) -> None:
    world = reported.world
    for person_id in (reported.learner, reported.mentor):
        who = reviewer(world, person_id)
        assert (await call(world, "get", who, "/reports")).json()["items"] == []
        assert (await call(world, "get", who, f"/reports/{reported.report_id}")).status_code == 404
        path = f"/reports/{reported.report_id}/decision"
        assert (await call(world, "post", who, path, {"decision": "upheld"})).status_code == 404
    views = await call(world, "get", world.api.callers.sign_in("auditor"), f"/reports/{reported.report_id}/views")
    assert views.status_code == 404, "nobody has looked"
    nameless = world.api.callers.sign_in("reviewer")
    assert (await call(world, "get", nameless, f"/reports/{reported.report_id}")).status_code == 403


async def test_reports_are_listed_page_by_page(reported: Reported) -> None:
    world = reported.world
    path = f"/sessions/{reported.session_id}/messages"
    other = (await call(world, "post", employee(world, reported.mentor), path, {"text": "More"})).json()["message_id"]
    second = (await reported.report(reported.learner, other)).json()["report_id"]
    first = (await call(world, "get", reviewer(world), "/reports?limit=1")).json()
    rest = (await call(world, "get", reviewer(world), f"/reports?limit=1&cursor={first['next_cursor']}")).json()
    assert [item["report_id"] for item in first["items"] + rest["items"]] == [reported.report_id, second]


async def test_the_copy_is_unreadable_once_its_author_is_forgotten(reported: Reported) -> None:
    world = reported.world
    request = ErasureRequestedV1(person_id=reported.mentor, reason="own_request", profile_version=9)
    async with world.api.database.transaction() as transaction:
        await erase(transaction, request)
    opened = await call(world, "get", reviewer(world), f"/reports/{reported.report_id}")
    assert (opened.status_code, opened.json()["text"]) == (200, "")
    async with world.api.database.connection() as connection:
        assert await report_of(connection, UUID(reported.message_id), reported.learner)
        assert await connection.fetchval("SELECT wrapped FROM report") is None


async def decide(reported: Reported, days_ago: int, report_id: str | None = None) -> None:
    path = f"/reports/{report_id or reported.report_id}/decision"
    assert (await call(reported.world, "post", reviewer(reported.world), path, {"decision": "upheld"})).is_success
    when = "UPDATE report SET decided_at = now() - make_interval(days => $1) WHERE report_id = $2"
    await reported.world.execute(when, days_ago, UUID(report_id or reported.report_id))


async def test_a_copy_is_deleted_some_time_after_the_decision_and_all_else_of_it_stays(reported: Reported) -> None:
    world, path = reported.world, f"/reports/{reported.report_id}"
    assert (await call(world, "get", reviewer(world), path)).json()["text"] == WORD
    await decide(reported, days_ago=180)
    assert await delete_copies(world.api.database, 180) is False
    opened = (await call(world, "get", reviewer(world), path)).json()
    assert (opened["text"], opened["decision"], len(opened["views"])) == ("", "upheld", 2)
    audited = (await call(world, "get", world.api.callers.sign_in("auditor"), f"{path}/views")).json()
    assert audited["copy_deleted_at"] == opened["copy_deleted_at"] is not None
    own = (await call(world, "get", employee(world, reported.learner), "/me/sessions/export")).json()["reports"]
    assert own[0]["copy_deleted_at"] == opened["copy_deleted_at"]
    async with world.api.database.connection() as connection:
        assert list(await connection.fetchrow("SELECT sealed, wrapped, master_key FROM report") or ()) == [None] * 3


async def test_a_copy_is_kept_until_its_time_and_until_it_is_decided(reported: Reported) -> None:
    world = reported.world
    other = await world.post(reported.mentor, f"/sessions/{reported.session_id}/messages", {"text": "More"})
    await reported.report(reported.learner, other.json()["message_id"])
    await world.execute("UPDATE report SET reported_at = now() - interval '9 years'")
    await decide(reported, days_ago=179)
    await delete_copies(world.api.database, 180)
    async with world.api.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM report WHERE copy_deleted_at IS NOT NULL") == 0


async def test_many_copies_are_deleted_bit_by_bit(reported: Reported, monkeypatch: pytest.MonkeyPatch) -> None:
    world = reported.world
    other = await world.post(reported.mentor, f"/sessions/{reported.session_id}/messages", {"text": "More"})
    second = (await reported.report(reported.learner, other.json()["message_id"])).json()["report_id"]
    for each in (reported.report_id, second):
        await decide(reported, 200, each)
    monkeypatch.setattr(reporting, "COPIES_AT_ONCE", 1)
    assert [await delete_copies(world.api.database, 180) for _ in range(3)] == [True, True, False]
    deleted = await call(world, "get", world.api.callers.sign_in("auditor"), f"/reports/{second}/views")
    assert (deleted.json()["items"], deleted.status_code) == ([], 200), "nobody looked, and nobody can any more"


def paths_of(document: Any) -> list[tuple[str, str, Any]]:
    """Every method and path of an API, and what it takes as a body."""
    found = product(document["paths"].items(), METHODS)
    return [(method, path, routes[method]) for (path, routes), method in found if method in routes]


async def test_over_every_route_nobody_but_the_two_and_a_reviewer_reads_what_they_wrote(reported: Reported) -> None:
    world = reported.world
    ids = {"session_id": reported.session_id, "message_id": reported.message_id, "report_id": reported.report_id}
    ids["person_id"] = str(reported.mentor)
    mighty = sorted(ROLES - {"reviewer"})
    callers = [world.api.callers.sign_in(*roles) for roles in ((), ("operator",), mighty)]
    callers += [world.api.callers.sign_in(*roles, person_id=uuid4()) for roles in (("employee",), mighty)]
    routes = paths_of(create_api(world.api.service).openapi())
    assert len(routes) > 20
    for method, path, _ in routes:
        if path.endswith("/stream"):
            continue  # never ends; nobody's stream shows another's, see test_live
        address = re.sub(r"{(\w+)}", lambda found: ids.get(found.group(1), str(uuid4())), path).removeprefix("/api/v1")
        for who in callers:
            answer = await call(world, method, who, address, {})
            assert WORD not in answer.text, (method, path)
            assert answer.status_code != 500, (method, path)
    for person_id in (reported.learner, reported.mentor):
        answer = await call(world, "get", employee(world, person_id), f"/sessions/{reported.session_id}/messages")
        assert WORD in answer.text, "the two do"


async def test_no_tool_table_event_metric_or_log_line_holds_what_they_wrote(
    reported: Reported, session_database: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    world = reported.world
    for path in (f"/sessions/{reported.session_id}/messages", "/me/sessions/export"):
        assert WORD in (await call(world, "get", employee(world, reported.learner), path)).text
    assert await in_databases({"session": session_database.owner}, WORD) == set()
    assert all(WORD not in event.model_dump_json() for event, _ in await world.api.events())
    for name in ("republish", "rewrap"):
        assert await world.api.service.commands[name](world.api.service, ()) == 0
    printed = capsys.readouterr()
    assert "request_answered" in printed.out, "what was logged is looked at, too"
    assert WORD not in printed.out + printed.err
