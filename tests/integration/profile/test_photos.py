"""Photos by upload: what is kept of them, who sees them, and what is refused."""

import hashlib
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from flash_schemas.profile import ProfileChangedV1
from PIL import Image

from tests.integration.profile.conftest import Company
from tests.integration.profile.own_profiles import me, preview, say
from tests.integration.profile.test_programs import create

OWN = "/api/v1/me/photo"


def image(colour: str = "teal", file_format: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, file_format)
    return file.getvalue()


async def upload(company: Company, content: Any, status: int = 200, number: str = "1", **headers: str) -> Any:
    answer = await company.api.client.put(OWN, content=content, headers={**company.sign_in(number), **headers})
    assert answer.status_code == status, answer.text
    return answer.json()


async def get(company: Company, number: str, url: str = OWN, **headers: str) -> Any:
    return await company.api.client.get(url, headers={**company.sign_in(number), **headers})


async def changes(company: Company) -> list[int | None]:
    events = [event for event, _ in await company.api.events(ProfileChangedV1)]
    return [event.photo_version for event in events if event.person_id == company.people["1"]]


async def test_a_photo_is_kept_small_and_told_by_its_version(company: Company) -> None:
    assert await upload(company, image()) == {"photo_version": 2}
    shown = await get(company, "1")
    assert (shown.status_code, shown.headers["content-type"], shown.headers["etag"]) == (200, "image/webp", '"2"')
    assert "private" in shown.headers["cache-control"]
    assert Image.open(BytesIO(shown.content)).size == (512, 384)
    assert await changes(company) == [None, 2]
    profile = await me(company)
    assert (profile["photo_version"], profile["sources"]["photo"]["source"]) == (2, "self")
    async with company.api.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM photo")
    assert row
    assert row["sha256"] == hashlib.sha256(shown.content).digest()


async def test_the_same_photo_again_is_no_change_and_another_is(company: Company) -> None:
    await upload(company, image())
    assert await upload(company, image()) == {"photo_version": 2}
    assert await upload(company, image("red")) == {"photo_version": 3}
    assert await changes(company) == [None, 2, 3]


async def test_an_edit_of_the_profile_leaves_the_photo(company: Company) -> None:
    await upload(company, image())
    assert (await say(company, bio="mine"))["photo_version"] == 2
    assert (await get(company, "1")).headers["etag"] == '"2"'


async def test_who_has_the_photo_is_not_sent_it_again(company: Company) -> None:
    await upload(company, image())
    for tag in ('"2"', 'W/"2"', '"1", "2"'):
        answer = await get(company, "1", **{"If-None-Match": tag})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"2"')
        assert "private" in answer.headers["cache-control"]
    assert (await get(company, "1", **{"If-None-Match": '"1"'})).status_code == 200


async def test_a_removed_photo_is_gone_for_everybody(company: Company) -> None:
    await create(company)
    await company.settle()
    await upload(company, image())
    for _ in range(2):
        assert (await company.api.client.delete(OWN, headers=company.sign_in("1"))).status_code == 204
    assert [(await get(company, "1")).status_code, (await me(company))["photo_version"]] == [404, None]
    assert (await changes(company))[-2:] == [3, None]
    async with company.api.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM photo") == 0


async def test_colleagues_see_the_photo_as_its_owner_likes(company: Company) -> None:
    await create(company)
    await company.settle()
    await upload(company, image())
    url = f"/api/v1/people/{company.people['1']}/photo"
    statuses = {}
    for visibility in ("everyone", "unit", "nobody"):
        profile = await say(company, visibility={"photo": visibility})
        seen = [(await get(company, number, url)).status_code for number in ("4", "3")]
        version = profile["photo_version"]
        assert [(await get(company, "3", url, **{"If-None-Match": f'"{version}"'})).status_code == 304] == [
            visibility == "everyone"
        ]
        told = [(await preview(company, viewer))["photo_version"] is not None for viewer in ("unit", "program")]
        assert told == [status == 200 for status in seen]
        statuses[visibility] = seen
    assert statuses == {"everyone": [200, 200], "unit": [200, 404], "nobody": [404, 404]}


async def test_the_photo_of_who_is_forgotten_is_gone(company: Company) -> None:
    await upload(company, image())
    exported = (await get(company, "1", "/api/v1/me/export")).json()
    assert exported["photo"] == OWN
    erasure = {"confirmation": "erase me for ever"}
    answer = await company.api.client.post("/api/v1/me/erasure", json=erasure, headers=company.sign_in("1"))
    assert answer.status_code < 300, answer.text
    assert (await get(company, "1")).status_code == 404
    async with company.api.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM photo") == 0


async def test_a_stranger_and_who_left_show_no_photo(company: Company) -> None:
    await upload(company, image())
    url = f"/api/v1/people/{company.people['1']}/photo"
    assert (await get(company, "3", url)).status_code == 404
    await create(company)
    await company.settle()
    assert (await get(company, "3", url)).status_code == 200
    await company.push(company.event("person_left", employee_number="1"))
    assert (await get(company, "3", url)).status_code == 404
    assert (await changes(company))[-1] is None
    await upload(company, image(), status=404)


@pytest.mark.parametrize(
    "content", [b"", b"<svg/>", image(file_format="GIF"), image()[:500], b"\0" * 1000, image(file_format="BMP")]
)
async def test_what_is_no_photo_is_refused_whatever_it_says_to_be(company: Company, content: bytes) -> None:
    problem = await upload(company, content, 422, **{"Content-Type": "image/jpeg"})
    assert problem["errors"][0]["field"] == "body"
    assert (await me(company))["photo_version"] is None


async def test_a_photo_above_the_limit_is_refused_while_it_comes(company: Company) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            assert sent < 100, "it is read although it is too large"
            yield b"x" * 1024 * 1024

    limit = 5 * 1024 * 1024
    await upload(company, endless(), 413)
    await upload(company, b"x" * (limit + 1), 413)
    await upload(company, b"x" * limit, 422)
