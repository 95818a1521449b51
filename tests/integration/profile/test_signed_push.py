"""Senders who sign: who gets in, for how long, and that a repeated delivery takes effect once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
import pytest
from profile_service import commands

from tests.integration.profile.conftest import Company
from tests.support.webhooks import signed

ADDRESS = "/api/v1/hr/signed-org-events/acme"


async def push(company: Company, secret: str, *events: Any, **how: Any) -> httpx2.Response:
    body = orjson.dumps({"events": events})
    return await company.api.client.post(ADDRESS, content=body, headers=signed(secret, body, **how))


async def test_a_signed_push_takes_effect(company: Company) -> None:
    secret = await commands.add_webhook_client(company.api.database, "acme")
    answer = await push(company, secret, company.joined("9", "lab"))
    assert (answer.status_code, answer.json()["applied"]) == (200, 1)


async def test_a_repeated_delivery_gets_the_first_answer_and_changes_nothing(company: Company) -> None:
    secret = await commands.add_webhook_client(company.api.database, "acme")
    refused = company.event("person_moved", employee_number="9", unit="lab")
    first = await push(company, secret, refused, delivery_id="d1")
    await company.push(company.joined("9", "crm"))
    again = await push(company, secret, refused, delivery_id="d1")
    assert again.json() == first.json()
    other = await push(company, secret, company.joined("10", "lab"), delivery_id="d1")
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "webhook-id")


async def test_who_is_late_a_stranger_or_unknown_is_refused_alike(company: Company) -> None:
    secret = await commands.add_webhook_client(company.api.database, "acme")
    foreign = await commands.add_webhook_client(company.api.database, "other")
    event = company.joined("9", "lab")
    body, now = orjson.dumps({"events": [event]}), datetime.now(UTC)
    attempts = [
        signed(secret, body, at=now - timedelta(minutes=6)),
        signed(secret, body, at=now + timedelta(minutes=6)),
        signed(foreign, body),
        {**signed(secret, body), "webhook-signature": "v1,nonsense"},
        {**signed(secret, body), "webhook-signature": "nonsense"},
        {**signed(secret, body), "webhook-id": "another"},
        {},
    ]
    answers = [await company.api.client.post(ADDRESS, content=body, headers=headers) for headers in attempts]
    answers.append(
        await company.api.client.post(ADDRESS.replace("acme", "nobody"), content=body, headers=signed(secret, body))
    )
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert (await push(company, secret, event)).json()["applied"] == 1, "none of them took effect"


async def test_old_and_new_secrets_are_valid_while_they_are_changed(company: Company) -> None:
    old = await commands.add_webhook_client(company.api.database, "acme")
    new = await commands.rotate_secret(company.api.database, "acme", 24)
    for secret in (old, new):
        assert (await push(company, secret, company.joined(secret[-8:], "lab"))).status_code == 200
    newest = await commands.rotate_secret(company.api.database, "acme", 0)
    for secret, status in ((old, 401), (new, 401), (newest, 200)):
        assert (await push(company, secret, company.event("person_back", employee_number="1"))).status_code == status
    await commands.revoke_webhook_client(company.api.database, "acme")
    assert (await push(company, newest, company.joined("9", "lab"))).status_code == 401


async def test_an_operator_adds_changes_and_revokes_senders(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*arguments: str) -> tuple[int, list[str]]:
        capsys.readouterr()
        service = company.api.service
        return await service.commands["hr-clients"](service, arguments), capsys.readouterr().out.splitlines()

    status, added = await run("add", "acme")
    assert (status, added[0].startswith("whsec_")) == (0, True)
    assert (await run("add", "acme"))[0] == 1
    status, rotated = await run("rotate", "acme", "--hours", "1")
    assert (status, rotated[0].startswith("whsec_"), rotated[0] != added[0]) == (0, True, True)
    status, listed = await run("list")
    assert listed[1].split()[0] == "acme"
    assert not any("whsec_" in line for line in listed), "a secret is shown once"
    assert (await run("revoke", "acme"))[0] == 0
    assert (await run("rotate", "acme"))[0] == 1
    for wrong in (["add", "A/B"], ["rotate", "acme", "--hours", "10000"], []):
        with pytest.raises(SystemExit):
            await run(*wrong)
