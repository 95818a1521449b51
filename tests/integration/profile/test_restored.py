"""After a restore the profile service outranks its topics: what is behind is said again, what is unknown is over."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.consumer import Delivery, decode
from chassis.kafka import KafkaPublisher
from chassis.relay import Relay
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_schemas.profile import Participation, ProfileChangedV1, Skill, SkillChangedV1, UnitRef
from flash_schemas.session import AvailabilityChangedV1
from profile_service import restored as command

from tests.integration.profile.conftest import Company, program_body
from tests.support.backups import Backup
from tests.support.deliveries import delivery
from tests.support.topics import Topics

Newest = dict[UUID, tuple[Any, int]]


@dataclass
class Restorable:
    """A company whose service publishes, and can be put back to a backup."""

    company: Company
    topics: Topics
    backup: Backup

    async def publish(self) -> None:
        """What was said is in the topics."""
        settings = self.company.api.service.settings
        connection, publisher = await self.company.api.database.dedicated(), KafkaPublisher(settings)
        try:
            await Relay("profile", settings, publisher).publish_window(connection)
        finally:
            await publisher.close()
            await connection.close()

    async def restore(self) -> None:
        await self.publish()
        await self.backup.restore()

    async def mend(self, *arguments: str) -> int:
        """Run the command; whatever it says is in the topics afterwards."""
        status = await command.restored(self.company.api.service, arguments)
        await self.publish()
        return status

    async def told(self, topic: str) -> Newest:
        """What somebody knows who keeps the newest version of everything that this topic holds."""
        newest: Newest = {}
        for record in await self.topics.read(topic):
            item = decode(record, topic)
            assert isinstance(item, Delivery)
            version = item.envelope.aggregate_version
            if version > newest.get(item.event.aggregate_id, (None, 0))[1]:
                newest[item.event.aggregate_id] = item.event, version
        return newest

    async def records(self, topic: str) -> dict[tuple[int, int], bytes]:
        """The values by partition and offset."""
        return {(record.partition, record.offset): record.value for record in await self.topics.read(topic)}

    async def version(self, number: str) -> int:
        async with self.company.api.database.connection() as connection:
            found: int = await connection.fetchval("SELECT version FROM person WHERE employee_number = $1", number)
        return found


@pytest.fixture
async def restorable(
    company: Company, profile_database: DatabaseUrls, engines: Engines, topic_prefix: str
) -> AsyncIterator[Restorable]:
    service = company.api.service
    online = {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    service.settings = service.settings.model_copy(update=online)
    topics = Topics(service.settings)
    yield Restorable(company, topics, await Backup.taken(engines.postgres_url, profile_database))
    await topics.close()


async def test_everybody_else_knows_the_restored_state_of_whoever_changed_since(restorable: Restorable) -> None:
    company = restorable.company
    changed, untouched = company.people["1"], company.people["2"]
    before = await restorable.version("1")
    for title in ("One", "Two", "Three"):
        await company.push(company.event("person_changed", employee_number="1", job_title=title))
    await restorable.restore()
    assert await restorable.mend() == 0
    told = await restorable.told("profile-events")
    person, version = told[changed]
    assert (person.job_title, version) == ("Consultant", before + 4)
    assert await restorable.version("1") == version
    assert told[untouched][1] == await restorable.version("2") == before


async def test_the_next_change_is_believed(restorable: Restorable) -> None:
    company = restorable.company
    await company.push(company.event("person_changed", employee_number="1", job_title="Lost"))
    await restorable.restore()
    await restorable.mend()
    await company.push(company.event("person_changed", employee_number="1", job_title="Next"))
    await restorable.publish()
    assert (await restorable.told("profile-events"))[company.people["1"]][0].job_title == "Next"


async def test_who_joined_since_has_left_for_the_others_and_says_nothing_any_more(restorable: Restorable) -> None:
    company = restorable.company
    await company.push(company.joined("9", "lab", name="Newcomer"))
    headers = company.sign_in("9")
    answer = await company.api.client.get("/api/v1/me/profile", headers=headers)
    body = {"bio": "About me", "languages": ["de"]}
    edited = await company.api.client.put(
        "/api/v1/me/profile", json=body, headers={**headers, "If-Match": answer.headers["ETag"]}
    )
    assert edited.status_code == 200, edited.text
    await restorable.restore()
    assert await restorable.mend("--check") == 1
    assert await restorable.mend() == 0
    assert await restorable.mend("--check") == 0
    person, version = (await restorable.told("profile-events"))[company.people["9"]]
    assert (person.status, person.change, person.bio, person.languages) == ("left", "hr_left", "", ())
    assert (person.name, version) == ("Newcomer", 3)


async def test_a_program_made_since_is_archived_and_nobody_takes_part(restorable: Restorable) -> None:
    company = restorable.company
    owner = company.sign_in("4", "program_owner")
    created = await company.api.client.post("/api/v1/programs", json=program_body(), headers=owner)
    await company.settle()
    await restorable.publish()
    joined = (await restorable.told("profile-events"))[company.people["1"]][0].participations
    assert len(joined) == 1
    await restorable.restore()
    await restorable.mend()
    program, version = (await restorable.told("program-events"))[UUID(created.json()["program_id"])]
    assert (program.status, program.change, version) == ("archived", "archived", 2)
    people = (await restorable.told("profile-events")).values()
    assert [person.participations for person, _ in people] == [()] * 4


async def test_a_skill_named_since_is_retired(restorable: Restorable) -> None:
    company = restorable.company
    editor = company.sign_in("4", "program_owner")
    created = await company.api.client.post("/api/v1/skills", json={"label": "Knitting"}, headers=editor)
    assert created.status_code == 201, created.text
    await restorable.restore()
    await restorable.mend()
    skill, version = (await restorable.told("skill-events"))[UUID(created.json()["skill_id"])]
    assert (skill.retired, skill.label, version) == (True, "Knitting", 2)


async def test_programs_and_skills_that_changed_since_are_said_as_they_were(restorable: Restorable) -> None:
    company = restorable.company
    owner, editor = company.sign_in("4", "program_owner"), company.sign_in("4", "program_owner")
    client = company.api.client
    program = await client.post("/api/v1/programs", json=program_body(name="Before"), headers=owner)
    skill = await client.post("/api/v1/skills", json={"label": "Before"}, headers=editor)
    await company.settle()
    await restorable.publish()
    await restorable.backup.take()
    for path, answer, body in (
        ("programs", program, program_body(name="After")),
        ("skills", skill, {"label": "After"}),
    ):
        named = answer.json()["program_id" if path == "programs" else "skill_id"]
        headers = {**(owner if path == "programs" else editor), "If-Match": answer.headers["ETag"]}
        put = await client.put(f"/api/v1/{path}/{named}", json=body, headers=headers)
        assert put.status_code == 200, put.text
    await restorable.restore()
    await restorable.mend()
    ((said_program, program_version),) = (await restorable.told("program-events")).values()
    ((said_skill, skill_version),) = (await restorable.told("skill-events")).values()
    assert (said_program.name, program_version) == ("Before", 3)
    assert (said_skill.label, skill_version) == ("Before", 3)
    again = await client.post("/api/v1/skills", json={"label": "After"}, headers=editor)
    assert again.status_code == 201, "the name is free again"


async def test_who_was_forgotten_since_is_not_said_again(restorable: Restorable) -> None:
    company = restorable.company
    await company.push(company.event("person_changed", employee_number="1", job_title="Secret"))
    await restorable.backup.take()  # with the former state in its outbox
    phrase = {"confirmation": "erase me for ever"}
    asked = await company.api.client.post("/api/v1/me/erasure", json=phrase, headers=company.sign_in("1"))
    assert asked.status_code == 202, asked.text
    await restorable.restore()
    (empty, version) = (await restorable.told("profile-events"))[company.people["1"]]
    before = await restorable.records("profile-events")
    assert await restorable.mend() == 0
    assert (await restorable.told("profile-events"))[company.people["1"]] == (empty, version)
    again = (await restorable.records("profile-events")).items() - before.items()
    assert not [place for place, value in again if b"Secret" in value]
    async with company.api.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM person WHERE person_id = $1", company.people["1"])
    assert row is not None
    assert (row["version"], row["name"], row["employee_number"]) == (version, "Erased", None)
    assert await restorable.mend("--check") == 0


async def test_the_report_names_everybody_by_id_and_nobody_by_name(
    restorable: Restorable, capsys: pytest.CaptureFixture[str]
) -> None:
    company = restorable.company
    await company.push(company.joined("9", "lab", name="Newcomer"))
    await company.push(company.event("person_changed", employee_number="1", job_title="Lost"))
    await restorable.restore()
    capsys.readouterr()
    await restorable.mend()
    printed = capsys.readouterr().out
    lines = [line.split() for line in printed.splitlines() if line.startswith("people ")]
    assert ["people", str(company.people["1"]), "2", "1", "3", "raised"] in lines
    assert ["people", str(company.people["9"]), "1", "-", "2", "ended"] in lines
    assert "Newcomer" not in printed
    assert "Nadia" not in printed


def a_person(**values: Any) -> ProfileChangedV1:
    usual: dict[str, Any] = {
        "person_id": uuid4(),
        "change": "edited",
        "name": "N",
        "job_title": "T",
        "job_level": 1,
        "location": "L",
        "unit_path": (UnitRef(unit_id=uuid4(), name="U"),),
        "status": "active",
        "participations": (Participation(program_id=uuid4(), roles=("learner",)),),
        "skills": (Skill(skill_id=uuid4(), level=1, confirmed_on="2026-01-01"),),
        "bio": "B",
    }
    return ProfileChangedV1.model_validate(usual | values)


def told(*events: Any) -> Sequence[Any]:
    return [delivery(event, version) for version, event in enumerate(events, 1)]


def test_whoever_left_already_is_not_ended_again() -> None:
    person = a_person()
    ended = command.left(told(person))
    assert ended is not None
    assert (ended.participations, ended.skills, ended.bio, ended.name) == ((), (), "", "N")
    assert command.left(told(person, ended)) is None


def test_a_merged_skill_stands_for_another_no_more() -> None:
    skill = SkillChangedV1(skill_id=uuid4(), change="merged", label="Old", merged_into=uuid4())
    ended = command.retired(told(skill))
    assert ended is not None
    assert (ended.retired, ended.merged_into) == (True, None)
    assert command.retired(told(skill, ended)) is None


def test_what_other_kinds_of_events_end_is_over() -> None:
    other = AvailabilityChangedV1(person_id=uuid4(), month="2026-11", capacity=1, slots_left=1, open_requests=0)
    assert (command.left(told(other)), command.archived(told(other)), command.retired(told(other))) == (None,) * 3
