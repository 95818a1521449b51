"""Who may use SCIM: clients with tokens that are shown once, rotated without a gap, and revoked at once."""

from typing import Any

import pytest
from profile_service import metrics

from tests.support.apis import Api
from tests.support.scim import Directory, assert_error, command, directory

NAME = "entra"


async def status_with(api: Api, token: str) -> int:
    return (await Directory(api, token).send("GET", "/ServiceProviderConfig")).status_code


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ", "Bearer made-up", "Basic dXNlcjpwYXNz"])
async def test_nobody_comes_in_without_a_valid_token(api: Api, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    for method, path in (("GET", "/Users"), ("POST", "/Bulk"), ("GET", "/ServiceProviderConfig")):
        answer = await api.client.request(method, f"/scim/v2{path}", headers=headers)
        assert_error(answer, 401)
        assert answer.headers["www-authenticate"] == 'Bearer realm="SCIM"'


async def test_a_token_of_the_platforms_people_is_no_token_of_a_client(api: Api) -> None:
    answer = await api.client.get("/scim/v2/Users", headers=api.callers.sign_in("hr_platform"))
    assert_error(answer, 401)


async def test_a_token_is_shown_once_and_kept_nowhere(api: Api, capsys: Any) -> None:
    _, token = await command(api, capsys, "add", NAME)
    assert await status_with(api, token) == 200
    status, listed = await command(api, capsys, "list")
    assert (status, token in listed, NAME in listed) == (0, False, True)
    async with api.database.connection() as connection:
        kept = await connection.fetchval("SELECT string_agg(c::text, ' ') FROM scim_client AS c")
    assert token not in kept
    assert token.encode().hex() not in kept


async def test_the_log_never_holds_a_token(api: Api, capsys: Any) -> None:
    _, token = await command(api, capsys, "add", NAME)
    await status_with(api, token)
    await status_with(api, f"{token}x")
    assert token not in "".join(capsys.readouterr())


async def test_the_old_token_is_valid_beside_the_new_one_until_the_overlap_ends(api: Api, capsys: Any) -> None:
    _, old = await command(api, capsys, "add", NAME)
    _, new = await command(api, capsys, "rotate", NAME)
    assert [await status_with(api, token) for token in (old, new)] == [200, 200]
    _, newest = await command(api, capsys, "rotate", NAME, "--overlap-hours", "0")
    assert [await status_with(api, token) for token in (old, new, newest)] == [401, 401, 200]


async def test_never_more_than_two_tokens_are_valid(api: Api, capsys: Any) -> None:
    _, first = await command(api, capsys, "add", NAME)
    _, second = await command(api, capsys, "rotate", NAME)
    _, third = await command(api, capsys, "rotate", NAME)
    assert [await status_with(api, token) for token in (first, second, third)] == [401, 200, 200]


async def test_a_revoked_client_is_out_at_once_and_nobody_else_is(api: Api, capsys: Any) -> None:
    other = await directory(api, capsys)
    _, old = await command(api, capsys, "add", NAME)
    _, new = await command(api, capsys, "rotate", NAME)
    assert (await command(api, capsys, "revoke", NAME))[0] == 0
    assert [await status_with(api, token) for token in (old, new, other.token)] == [401, 401, 200]
    _, again = await command(api, capsys, "add", NAME)
    assert await status_with(api, again) == 200


async def test_an_expired_token_is_refused(api: Api, capsys: Any) -> None:
    _, token = await command(api, capsys, "add", NAME)
    async with api.database.transaction() as transaction:
        await transaction.execute("UPDATE scim_client SET expires = now()")
    assert await status_with(api, token) == 401


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", NAME, "--days", "-5"),
        ("add", NAME, "--days", "0"),
        ("add", NAME, "--days", "9" * 20),
        ("rotate", NAME, "--overlap-hours", "-1"),
        ("rotate", NAME, "--overlap-hours", "9" * 20),
    ],
)
async def test_a_time_that_no_token_is_valid_for_is_a_wrong_use(api: Api, capsys: Any, arguments: Any) -> None:
    with pytest.raises(SystemExit) as wrong:
        await command(api, capsys, *arguments)
    assert wrong.value.code == 2
    async with api.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM scim_client") == 0


async def test_what_the_present_tokens_do_not_allow_is_said(api: Api, capsys: Any) -> None:
    for action in ("rotate", "revoke"):
        status, text = await command(api, capsys, action, NAME)
        assert (status, text.startswith(f"{NAME}:")) == (1, True)
    await command(api, capsys, "add", NAME)
    status, text = await command(api, capsys, "add", NAME)
    assert (status, "rotate" in text) == (1, True)


async def test_requests_are_counted_by_outcome(api: Api, capsys: Any) -> None:
    scim = await directory(api, capsys)

    def counted() -> dict[str, float]:
        outcomes = ("done", "refused", "unauthorized")
        return {each: metrics.SCIM_REQUESTS.labels(each)._value.get() for each in outcomes}

    before = counted()
    await scim.send("GET", "/Users")
    await scim.send("GET", "/Nothing")
    await Directory(api, "made-up").send("GET", "/Users")
    assert {outcome: value - before[outcome] for outcome, value in counted().items()} == dict.fromkeys(before, 1)
