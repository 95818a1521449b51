"""Every address reaches the service that owns it, and no other address reaches anything."""

import httpx2
import pytest

from tests.support.gateways import assert_problem, bearer
from tests.support.identity import Forger

ID = "0d5f3a86-6f0c-4f0e-9b0a-2f6d3c1e7a55"

ROUTES = [
    ("POST", "/api/v1/hr/org-events", "profile"),
    ("GET", "/api/v1/hr/people/E-17", "profile"),
    ("GET", "/api/v1/programs", "profile"),
    ("POST", "/api/v1/programs", "profile"),
    ("PUT", f"/api/v1/programs/{ID}", "profile"),
    ("GET", f"/api/v1/programs/{ID}/people", "search"),
    ("GET", f"/api/v1/programs/{ID}/people?q=salesforce%20crm&skill=CRM", "search"),
    ("GET", f"/api/v1/programs/{ID}/suggestions?q=sa", "search"),
    ("GET", f"/api/v1/programs/{ID}/report", "analytics"),
    ("POST", "/api/v1/programs/preview", "profile"),
    ("POST", f"/api/v1/programs/{ID}/roll-over", "profile"),
    ("GET", f"/api/v1/programs/{ID}/visibility", "profile"),
    ("GET", "/api/v1/audit", "profile"),
    ("GET", f"/api/v1/people/{ID}", "profile"),
    ("GET", "/api/v1/units?q=sales", "profile"),
    ("GET", "/api/v1/skills", "profile"),
    ("PUT", f"/api/v1/skills/{ID}", "profile"),
    ("GET", "/api/v1/search/unlinked-terms?limit=5", "search"),
    ("PUT", "/api/v1/me/profile", "profile"),
    ("POST", "/api/v1/me/erasure", "profile"),
    ("GET", "/api/v1/me/export", "profile"),
    ("GET", "/api/v1/me/sessions/export", "session"),
    ("GET", "/api/v1/me/searches/export", "search"),
    ("GET", "/api/v1/me/figures/export", "analytics"),
    ("POST", f"/api/v1/people/{ID}/erasure", "profile"),
    ("POST", "/api/v1/me/profile/confirm", "profile"),
    ("GET", "/api/v1/me/profile/preview?as=unit", "profile"),
    ("PUT", "/api/v1/me/photo", "profile"),
    ("GET", f"/api/v1/people/{ID}/photo", "profile"),
    ("POST", f"/api/v1/me/skill-suggestions/{ID}/accept", "profile"),
    ("PUT", f"/api/v1/me/participations/{ID}", "profile"),
    ("GET", "/api/v1/me/availability", "session"),
    ("PUT", f"/api/v1/me/drafts/{ID}", "session"),
    ("GET", f"/api/v1/mentors/{ID}/expectation?program_id={ID}", "session"),
    ("POST", "/api/v1/one-tap/abc.def.ghi", "session"),
    ("GET", "/api/v1/me/notices?limit=5", "session"),
    ("POST", "/api/v1/me/notices/read", "session"),
    ("PUT", "/api/v1/me/notice-preferences", "session"),
    ("POST", "/api/v1/me/availability/return", "session"),
    ("POST", f"/api/v1/open-calls/{ID}/take", "session"),
    ("GET", "/api/v1/me/open-calls", "session"),
    ("GET", "/api/v1/me/relationships", "session"),
    ("GET", "/api/v1/me/blocks", "session"),
    ("GET", f"/api/v1/reports/{ID}", "session"),
    ("POST", f"/api/v1/sessions/{ID}/messages/{ID}/report", "session"),
    ("PUT", f"/api/v1/me/blocks/{ID}", "session"),
    ("PUT", f"/api/v1/sessions/{ID}/messages/{ID}", "session"),
    ("POST", f"/api/v1/sessions/{ID}/read", "session"),
    ("POST", "/api/v1/sessions", "session"),
    ("GET", f"/api/v1/sessions/{ID}", "session"),
    ("POST", f"/api/v1/sessions/{ID}/accept", "session"),
    ("POST", f"/api/v1/sessions/{ID}/messages", "session"),
]


@pytest.mark.parametrize(("method", "address", "service"), ROUTES)
async def test_this_address_reaches_its_service(
    client: httpx2.AsyncClient, forger: Forger, method: str, address: str, service: str
) -> None:
    headers = bearer(forger.token("hr_platform" if "/hr/" in address else "employee"))
    answer = await client.request(method, address, headers=headers)
    echoed = answer.json()
    assert (echoed["service"], echoed["method"]) == (service, method)
    path, _, query = address.partition("?")
    assert (echoed["path"], echoed["query"]) == (path, query)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_of_a_mail_needs_no_token(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/api/v1/notices/unsubscribe/a-B_9")
    assert (answer.json()["service"], answer.json()["method"]) == ("session", method)
    for other in ("/api/v1/notices", "/api/v1/notices/unsubscribers", "/api/v1/me/notices"):
        assert (await client.request(method, other)).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metrics",
        "/live",
        "/stats",
        "/docs",
        "/api/v1",
        "/api/v2/programs",
        "/api/v1/programsx",
        "/api/v1/me",
        "/api/v1/me/profile/secrets",
        "/api/v1/sessions/../../../metrics",
        "/scim",
        "/scim/v1/Users",
        "/scim/v2x",
    ],
)
async def test_no_other_address_reaches_anything(client: httpx2.AsyncClient, forger: Forger, path: str) -> None:
    assert_problem(await client.get(path, headers=bearer(forger.token())), 404, "not-found")


@pytest.mark.parametrize("path", ["/api/v1/programs/..%2F..%2Fmetrics", "/api/v1/hr%2Fpeople/E1"])
async def test_an_escaped_slash_is_refused(client: httpx2.AsyncClient, forger: Forger, path: str) -> None:
    answer = await client.get(path, headers=bearer(forger.token()))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "malformed-request"


@pytest.mark.parametrize("path", ["/api/v1/skills/../hr/people/E1", "/api/v1//hr/people/E1"])
async def test_a_detour_to_hr_data_is_seen_through(client: httpx2.AsyncClient, forger: Forger, path: str) -> None:
    request = httpx2.Request("GET", client.base_url.join("/"), headers=bearer(forger.token()))
    request.extensions["target"] = path.encode()
    assert_problem(await client.send(request), 403, "forbidden")
