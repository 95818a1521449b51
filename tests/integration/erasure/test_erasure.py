"""A person is forgotten everywhere, every service says so, and nothing brings them back."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.profile import ProfileChangedV1

from tests.integration.erasure.conftest import ARRIVES_WITHIN_S, Platform
from tests.integration.profile.conftest import program_body
from tests.integration.profile.test_photos import image
from tests.support.records import record_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(300)

PHRASE = {"confirmation": "erase me for ever"}
SERVICES = ["profile", "search", "session", "analytics"]
ASKED = "SELECT count(*) FROM session_fact"
KNOWN = "SELECT count(*) FROM person WHERE person_id = ANY ($1)"


@dataclass
class Story:
    """Somebody whose every text holds one word, a mentor whom they asked, and an older state of theirs."""

    platform: Platform
    word: str
    person_id: UUID
    mentor_id: UUID
    program_id: str
    session_id: str
    former: ProfileChangedV1

    async def progress(self) -> Any:
        """How far the person sees that they are forgotten."""
        who = self.platform.sign_in("profile", "employee", person_id=self.person_id)
        return await self.platform.call("profile", "GET", "/me/erasure", who)

    async def erased(self) -> Any:
        """Ask to be forgotten and wait for every receipt."""
        who = self.platform.sign_in("profile", "employee", person_id=self.person_id)
        first = await self.platform.call("profile", "POST", "/me/erasure", who, PHRASE)
        assert [receipt["service"] for receipt in first["receipts"]] == SERVICES

        async def done() -> Any:
            progress = await self.progress()
            return progress if progress["state"] == "done" else None

        return await eventually(done, ARRIVES_WITHIN_S)


@pytest.fixture
async def story(platform: Platform) -> Story:
    word = f"zq{uuid4().hex}"
    await platform.hr("unit_upserted", unit="root", name="Aurora")
    person_id = await platform.joined("1", f"Nadia {word}", f"{word}@aurora.example")
    mentor_id = await platform.joined("2", "Öykü Yılmaz")
    owner = platform.sign_in("profile", "program_owner", "employee", person_id=mentor_id)
    program_id = (await platform.call("profile", "POST", "/programs", owner, program_body()))["program_id"]
    me = platform.sign_in("profile", "employee", person_id=person_id)
    version = (await platform.call("profile", "GET", "/me/profile", me))["version"]

    async def taking_part() -> int:
        own = await platform.call("profile", "GET", "/me/profile", me)
        return int(own["version"]) if own["participations"] else 0

    version = await eventually(taking_part, ARRIVES_WITHIN_S)
    edit = {"skills": [], "bio": f"I like {word}.", "can_help_with": [word], "languages": [word]}
    await platform.call("profile", "PUT", "/me/profile", me | {"If-Match": f'"{version}"'}, edit)
    uploaded = await platform.apis["profile"].client.put("/api/v1/me/photo", content=image(), headers=me)
    assert uploaded.status_code == 200, uploaded.text

    async def known() -> bool:
        return bool(await platform.fetchval("session", KNOWN, [person_id, mentor_id]) == 2)

    await eventually(known, ARRIVES_WITHIN_S)
    await platform.all_read()
    body = {"program_id": program_id, "mentor_id": str(mentor_id), "want_to_learn": word, "tried": f"{word}!"}
    body |= {"message": f"Hello, {word}", "format": "lunch"}
    asking = platform.sign_in("session", "employee", person_id=person_id) | {"Idempotency-Key": f"key-{uuid4()}"}
    session_id = (await platform.call("session", "POST", "/sessions", asking, body))["session_id"]
    await platform.call("session", "POST", "/me/drafts", asking, {"want_to_learn": word, "message": word})
    said = await platform.apis["profile"].events(ProfileChangedV1)
    former = [event for event, _ in said if event.person_id == person_id][-1]
    story = Story(platform, word, person_id, mentor_id, program_id, session_id, former)
    await eventually(lambda: platform.fetchval("analytics", ASKED), ARRIVES_WITHIN_S)
    return story


async def plant_letters(story: Story) -> None:
    """A record of the person that nobody can read, and one of somebody else; each is set aside by three services."""
    good = record_of(story.former, 2)
    of_another = {
        "person_id": uuid4(),
        "name": "Somebody else",
        "email": None,
        "bio": "",
        "languages": (),
        "can_help_with": (),
    }
    stranger = story.former.model_copy(update=of_another)
    bad = [replace(record, value=record.value[:-1]) for record in (good, record_of(stranger, 2)) if record.value]
    await story.platform.topics.send(*bad)

    async def parked() -> bool:
        return len(await story.platform.topics.read("profile-events-dlq")) == 6

    await eventually(parked, ARRIVES_WITHIN_S)


async def test_a_word_of_a_forgotten_person_is_nowhere_and_every_service_says_what_it_did(story: Story) -> None:
    platform = story.platform
    await plant_letters(story)
    places = await platform.found(story.word)
    session = ("session", "idempotency_key", "draft", "contact")
    for place in ("profile.person", "search.person", *(f"session.{table}" for table in session)):
        assert place in places, "the search for the word finds it where it is"
    assert "session.message" not in places, "sealed"
    assert any(place.endswith("profile-events-dlq") for place in places)
    assert any("people-" in place for place in places)
    progress = await story.erased()
    await platform.all_read()
    assert await platform.found(story.word) == set()
    receipts = {receipt["service"]: receipt for receipt in progress["receipts"]}
    assert receipts["session"]["rows"] == 5, "the card, the draft, the message, the contact, the remembered answer"
    assert receipts["search"]["documents"] == 1
    assert receipts["profile"]["rows"] > 1
    assert [receipt["objects"] for receipt in progress["receipts"]] == [int(name == "profile") for name in SERVICES]
    assert sum(receipt["dead_letters"] for receipt in receipts.values()) >= 3
    kept = {record.key for record in await platform.topics.read("profile-events-dlq")}
    assert len(kept) == 1, "the letters of somebody else stay"
    assert await platform.found("Somebody else")


async def test_an_open_request_is_closed_kindly_and_its_steps_are_counted_as_before(story: Story) -> None:
    platform = story.platform
    await story.erased()
    mentor = platform.sign_in("session", "employee", person_id=story.mentor_id)

    async def closed() -> Any:
        session = await platform.call("session", "GET", f"/sessions/{story.session_id}", mentor)
        return session if session["state"] == "withdrawn" else None

    session = await eventually(closed, ARRIVES_WITHIN_S)
    assert (session["learner_id"], session["want_to_learn"], session["messages"]) == (str(story.person_id), "", 1)
    messages = await platform.call("session", "GET", f"/sessions/{story.session_id}/messages", mentor)
    assert [message["text"] for message in messages["items"]] == [""]
    assert await platform.fetchval("analytics", ASKED) == 1


async def test_reading_everything_again_and_an_older_event_bring_nobody_back(story: Story) -> None:
    platform = story.platform
    await story.erased()
    await platform.all_read()
    known = [await platform.fetchval(service, "SELECT count(*) FROM erasure") for service in SERVICES]
    await platform.say(story.former, 2)
    await platform.read_again()
    assert await platform.found(story.word) == set()
    assert [await platform.fetchval(service, "SELECT count(*) FROM erasure") for service in SERVICES] == known
    status = "SELECT profile ->> 'status' FROM person WHERE person_id = $1"
    assert await platform.fetchval("search", status, story.person_id) == "left"
    receipts = [each for each in await platform.topics.read("erasure-events") if b'"service"' in each.value]
    assert len(receipts) == len(SERVICES), "nobody confirms twice"


async def test_hr_naming_the_number_again_begins_a_new_person(story: Story) -> None:
    platform = story.platform
    await story.erased()
    assert await platform.joined("1", "Nadia again") != story.person_id
    who = platform.sign_in("profile", "employee", person_id=story.person_id)
    answer = await platform.apis["profile"].client.get("/api/v1/me/profile", headers=who)
    assert answer.status_code == 404
    assert (await story.progress())["state"] == "done"


async def test_who_is_forgotten_writes_nothing_more_with_a_token_of_before(story: Story) -> None:
    platform = story.platform
    await story.erased()
    who = platform.sign_in("session", "employee", person_id=story.person_id)
    path = f"/api/v1/sessions/{story.session_id}/messages"
    answer = await platform.apis["session"].client.post(path, json={"text": story.word}, headers=who)
    assert answer.status_code == 404
    assert await platform.found(story.word) == set()


async def test_two_who_are_forgotten_at_once_each_get_their_receipts(story: Story) -> None:
    platform = story.platform
    operator = platform.sign_in("profile", "operator")
    path, order = f"/people/{story.mentor_id}/erasure", {"reason": "legal_obligation"}
    _, progress = await asyncio.gather(story.erased(), platform.call("profile", "POST", path, operator, order))
    assert progress["reason"] == "legal_obligation"

    async def done() -> bool:
        return bool((await platform.call("profile", "GET", path, operator))["state"] == "done")

    await eventually(done, ARRIVES_WITHIN_S)


EXPORTS = {"profile": "/me/export", "session": "/me/sessions/export", "search": "/me/searches/export"}


async def test_a_person_takes_their_data_along_and_after_erasure_there_is_none(story: Story) -> None:
    platform = story.platform
    await platform.all_read()
    for service, path in {**EXPORTS, "analytics": "/me/figures/export"}.items():
        who = platform.sign_in(service, "employee", person_id=story.person_id)
        export = await platform.call(service, "GET", path, who)
        assert export["service"] == service
        page = await platform.apis[service].client.get(f"/api/v1{path}", headers=who | {"Accept": "text/html"})
        assert page.text.startswith("<!doctype html>")
        for told in (str(export), page.text):
            assert (story.word in told) is (service in EXPORTS), "analytics keeps nothing that anybody said"
    await story.erased()
    await platform.all_read()
    for service, path in EXPORTS.items():
        who = platform.sign_in(service, "employee", person_id=story.person_id)
        answer = await platform.apis[service].client.get(f"/api/v1{path}", headers=who)
        assert story.word not in answer.text
        assert answer.status_code == (404 if service == "profile" else 200)
