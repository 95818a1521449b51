"""The profile service with a company, two programs, and everybody who may or may not see into them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import uuid4

from flash_local.engines.every import Engines
from PIL import Image
from profile_service import commands
from profile_service.app import build
from profile_service.settings import Settings

from tests.contract.api.stages import Stage
from tests.integration.profile.conftest import Company, program_body
from tests.support.apis import offline_settings, serving_api
from tests.support.databases import drop_database, fresh_database
from tests.support.rehearsals import RehearsalDatabase
from tests.support.webhooks import signed

PEOPLE = {
    "subject": "sales",
    "colleague": "sales",
    "manager": "lab",
    "stranger": "lab",
    "owner": "lab",
    "other_owner": "lab",
    "co_owner": "lab",
    "leaver": "sales",
    "forgotten": "sales",
}
"""Employee numbers, and the unit of each. One program is for sales, the other for the lab."""
OWNERS = {"owner", "other_owner"}


@asynccontextmanager
async def staged(engines: Engines) -> AsyncIterator[Stage]:
    """The stage on a database of its own."""
    urls = await fresh_database(engines.postgres_url, "profile")
    settings = Settings(**offline_settings(urls.app))
    async with serving_api(replace(build(settings), database=RehearsalDatabase(settings))) as api:
        company = Company(api, api.callers.sign_in("hr_platform"))
        stage = Stage(api)
        await _populate(company)
        _sign_in(stage, company, await commands.add_webhook_client(api.database, "acme"))
        stage.values = await _objects(company, stage)
        stage.bodies = _bodies(company, stage.values)
        await _end_some(company)
        yield stage
    await drop_database(engines.postgres_url, urls)


async def _populate(company: Company) -> None:
    units = [company.unit("root", "Aurora"), company.unit("sales", "Sales", "root"), company.unit("lab", "Lab", "root")]
    facts: dict[str, dict[str, Any]] = {"subject": {"manager": "manager"}}
    usual = {"job_title": "Kubernetes engineer"}
    people = [company.joined(number, unit, **usual, **facts.get(number, {})) for number, unit in PEOPLE.items()]
    results = await company.push(*units, *people)
    assert {result["outcome"] for result in results} == {"applied"}
    for number in PEOPLE:
        await _done(company, "PUT", "/me/photo", company.sign_in(number), content=_photo())


def _sign_in(stage: Stage, company: Company, secret: str) -> None:
    stage.sign_in_programs()
    for name in PEOPLE.keys() - {"co_owner"}:
        roles = ("employee", "program_owner") if name in OWNERS else ("employee",)
        stage.sign_in(name, *roles, person_id=company.people[name])
    stage.sign_in("newcomer", "employee", person_id=uuid4())
    stage.callers["sender"] = lambda body: signed(secret, body) if body.isascii() else {}


async def _objects(company: Company, stage: Stage) -> dict[str, Any]:
    """What the paths name: the owner's program, the subject, a skill that everybody's job title names."""
    owner, other_owner = stage.callers["owner"](b""), stage.callers["other_owner"](b"")
    program_id = await _program(company, owner, "sales")
    await _program(company, other_owner, "lab")
    co_owner = f"/programs/{program_id}/owners/{company.people['co_owner']}"
    await _done(company, "PUT", co_owner, owner | {"if-match": '"1"'})
    skill = await _done(company, "POST", "/skills", owner, json={"label": "Kubernetes"})
    await company.settle()
    return {
        "program_id": program_id,
        "person_id": company.people["subject"],
        "skill_id": skill["skill_id"],
        "employee_number": "subject",
        "client": "acme",
        "remove_owner.person_id": company.people["co_owner"],
        "read_erasure.person_id": company.people["forgotten"],
    }


async def _program(company: Company, owner: dict[str, str], unit: str) -> str:
    rule = {"units": [{"unit_id": str(company.units[unit])}]}
    body = program_body(eligibility=rule, ends_on="2999-06-30")
    program_id: str = (await _done(company, "POST", "/programs", owner, json=body))["program_id"]
    return program_id


def _bodies(company: Company, values: dict[str, Any]) -> dict[str, Any]:
    rule = {"units": [{"unit_id": str(company.units["sales"])}]}
    push = {"events": [company.joined("10", "lab")]}
    return {
        "push_org_events": push,
        "push_signed_org_events": push,
        "erase_oneself": {"confirmation": "erase me for ever"},
        "erase_person": {"reason": "legal_obligation"},
        "choose_roles": {"roles": ["mentor"]},
        "put_own_photo": _photo("red"),
        "edit_own_profile": {"bio": "Ask me."},
        "patch_own_profile": {"bio": "Ask me."},
        "accept_suggestion": {"level": 3},
        "create_program": program_body(),
        "preview_rule": {"eligibility": rule, "program_id": values["program_id"]},
        "edit_program": program_body(name="Another name", eligibility=rule),
        "clone_program": {"name": "A copy"},
        "roll_over_program": {},
        "create_skill": {"label": "Terraform"},
        "edit_skill": {"label": "Kubernetes", "aliases": ["k8s"]},
    }


async def _end_some(company: Company) -> None:
    """One has left, one is forgotten; both may still hold a token."""
    await company.push(company.event("person_left", employee_number="leaver"))
    await _done(
        company, "POST", "/me/erasure", company.sign_in("forgotten"), json={"confirmation": "erase me for ever"}
    )


async def _done(company: Company, verb: str, path: str, headers: dict[str, str], **content: Any) -> Any:
    answer = await company.api.client.request(verb, f"/api/v1{path}", headers=headers, **content)
    assert answer.is_success, answer.text
    return answer.json()


def _photo(colour: str = "teal") -> bytes:
    file = BytesIO()
    Image.new("RGB", (32, 32), colour).save(file, "PNG")
    return file.getvalue()
