"""What somebody is told in the app, and what they choose about how they are told."""

from typing import Any
from uuid import UUID

from tests.integration.session.conftest import World

PATH = "/me/notices"
PREFERENCES = "/me/notice-preferences"


async def told(world: World, person_id: UUID) -> list[str]:
    """The kinds of notices in somebody's feed, oldest first."""
    return [item["kind"] for item in reversed((await world.get(person_id, PATH)).json()["items"])]


async def choose(world: World, person_id: UUID, tag: str | None = None, **chosen: Any) -> Any:
    """The answer to somebody's choice, of the version that it is or of another."""
    signed = world.api.callers.sign_in("employee", person_id=person_id)
    match = tag or (await world.get(person_id, PREFERENCES)).headers["ETag"]
    return await world.api.client.put(f"/api/v1{PREFERENCES}", json=chosen, headers=signed | {"If-Match": match})
