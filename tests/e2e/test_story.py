"""The story that the demo tells is the promise of the product, kept on a real platform."""

import json

import pytest
from flash_local import loopback

from tests.e2e.conftest import Platform
from tests.support.waiting import eventually


@pytest.mark.timeout(300)
def test_the_story_is_told_to_its_end_and_again_on_the_same_data(platform: Platform) -> None:
    for _ in range(2):
        told = platform.flash("demo", "--once")
        assert told.returncode == 0, told.stdout + told.stderr
        steps = json.loads(platform.home.story_file.read_text())["steps"]
        assert len(steps) > 20
        assert all(step["passed"] for step in steps)


async def test_one_trace_leads_from_a_request_to_the_index(platform: Platform) -> None:
    """The gateway gives a trace; the logs of profile and search carry it."""
    state = platform.state
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        "Authorization": f"Bearer {state.personas['learner'].token}",
        "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01",
    }
    async with loopback.client(str(state.gateway)) as client:
        profile = await client.get("/api/v1/me/profile", headers=headers)
        tag = {**headers, "If-Match": profile.headers["ETag"]}
        edited = await client.put("/api/v1/me/profile", json={"bio": "traced"}, headers=tag)
        assert edited.status_code == 200, edited.text

    def traced() -> bool:
        return all(trace_id in (platform.home.logs / f"{name}.log").read_text() for name in ("profile", "search"))

    await eventually(traced)
    assert "traced" not in (platform.home.logs / "profile.log").read_text()


async def test_every_address_of_the_state_file_answers(platform: Platform) -> None:
    state = platform.state
    people, programs = {"learner", "mentor", "owner", "outsider", "auditor", "reviewer"}, {"hr", "operator"}
    assert set(state.personas) == people | programs
    auditor, reviewer = ({"Authorization": f"Bearer {state.personas[name].token}"} for name in ("auditor", "reviewer"))
    async with loopback.client() as client:
        for service in state.services.values():
            assert (await client.get(f"{service.url}/ready")).status_code == 200
            assert "flash_relay_leader" in (await client.get(service.metrics)).text
        assert (await client.get(state.opensearch)).status_code == 200
        assert (await client.get(str(state.mail))).status_code == 200
        assert (await client.get(f"{state.gateway}/api/v1/programs")).status_code == 401
        assert (await client.get(f"{state.gateway}/api/v1/audit", headers=auditor)).status_code == 200
        assert (await client.get(f"{state.gateway}/api/v1/reports", headers=reviewer)).status_code == 200
