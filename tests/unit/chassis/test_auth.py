"""Who may call: the token matrix against a key server that is there, goes away, or never was."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import uuid4

import pytest
from chassis import auth
from chassis.auth import Caller, TokenVerifier, allow, get_caller
from chassis.database import Database
from chassis.problems import Forbidden, Unauthorized, Unavailable
from chassis.runtime import Service, create_api
from chassis.settings import Settings
from chassis.testing import TokenIssuer
from fastapi import APIRouter, Depends
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.asgi import client_of

NOW = int(time.time())


class KeyServer:
    """Serves what it is told to; None is an answer that no client wants."""

    def __init__(self) -> None:
        self.document: Any = None
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        status = b"503 Service Unavailable" if self.document is None else b"200 OK"
        body = json.dumps(self.document).encode()
        writer.write(b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def key_server() -> AsyncIterator[tuple[KeyServer, str]]:
    keys = KeyServer()
    server = await asyncio.start_server(keys.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield keys, f"http://127.0.0.1:{port}/jwks.json"


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer()


@pytest.fixture
def keys(key_server: tuple[KeyServer, str], issuer: TokenIssuer) -> KeyServer:
    keys, _ = key_server
    keys.document = issuer.jwks
    return keys


def settings_for(url: str, **own: Any) -> Settings:
    return Settings(
        database_url="postgresql://nowhere",
        kafka_bootstrap="127.0.0.1:1",
        jwt_issuer="https://id.test",
        jwks_url=url,
        **own,
    )


@pytest.fixture
def verifier(keys: KeyServer, key_server: tuple[KeyServer, str]) -> TokenVerifier:
    return TokenVerifier(settings_for(key_server[1]))


@pytest.fixture
def impatient(keys: KeyServer, key_server: tuple[KeyServer, str], monkeypatch: pytest.MonkeyPatch) -> TokenVerifier:
    """Asks for the keys anew at every token."""
    monkeypatch.setattr(auth, "REFETCH_PAUSE_S", 0)
    return TokenVerifier(settings_for(key_server[1], jwks_ttl_s=0))


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)
    )


def claiming(issuer: TokenIssuer, **claims: Any) -> str:
    """A token with claims of any type."""
    token: Any = issuer.token
    return str(token(**claims))


def with_header(token: str, **header: Any) -> str:
    _, claims, signature = token.split(".")
    return f"{unsigned(header, {}).split('.')[0]}.{claims}.{signature}"


def algorithm_none(issuer: TokenIssuer) -> str:
    return with_header(issuer.token("operator"), alg="none", kid=issuer._key.kid).rsplit(".", 1)[0] + "."


def signed_with_the_public_key(issuer: TokenIssuer) -> str:
    claims = {"iss": issuer.issuer, "aud": issuer.audience, "sub": "x", "exp": NOW + 60, "roles": ["operator"]}
    text = unsigned({"alg": "HS256", "kid": issuer._key.kid}, claims)
    digest = hmac.digest(issuer._key.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def signed_by_somebody_else(issuer: TokenIssuer) -> str:
    other = RSAKey.generate_key(2048, {"kid": str(issuer._key.kid)})
    claims = {"iss": issuer.issuer, "aud": issuer.audience, "sub": "x", "exp": NOW + 60}
    return jwt.encode({"alg": "RS256", "kid": issuer._key.kid}, claims, other)


def other_algorithm(issuer: TokenIssuer) -> str:
    claims = {"iss": issuer.issuer, "aud": issuer.audience, "sub": "x", "exp": NOW + 60}
    header = {"alg": "PS256", "kid": issuer._key.kid}
    return jwt.encode(header, claims, issuer._key, algorithms=["PS256"])


def tampered(issuer: TokenIssuer) -> str:
    header, _, signature = issuer.token("employee").split(".")
    claims = unsigned({}, {"iss": issuer.issuer, "aud": issuer.audience, "sub": "x", "exp": NOW + 60}).split(".")[1]
    return f"{header}.{claims}.{signature}"


REFUSED: dict[str, Callable[[TokenIssuer], str]] = {
    "expired": lambda issuer: issuer.token(exp=NOW - 120),
    "without expiry": lambda issuer: issuer.token(exp=None),
    "expiry that is text": lambda issuer: issuer.token(exp="tomorrow"),
    "not valid yet": lambda issuer: issuer.token(nbf=NOW + 3600),
    "issued in the future": lambda issuer: issuer.token(iat=NOW + 3600),
    "other issuer": lambda issuer: issuer.token(iss="https://id.evil"),
    "without issuer": lambda issuer: issuer.token(iss=None),
    "other audience": lambda issuer: issuer.token(aud="payroll"),
    "other audiences": lambda issuer: issuer.token(aud=["payroll", "mail"]),
    "without audience": lambda issuer: issuer.token(aud=None),
    "without subject": lambda issuer: issuer.token(sub=None),
    "person that is no id": lambda issuer: claiming(issuer, person_id="me"),
    "person that is a number": lambda issuer: claiming(issuer, person_id=7),
    "roles that are a number": lambda issuer: claiming(issuer, roles=7),
    "roles that are lists": lambda issuer: claiming(issuer, roles=[["operator"]]),
    "algorithm none": algorithm_none,
    "HS256 with the public key": signed_with_the_public_key,
    "PS256 with the right key": other_algorithm,
    "right key id, wrong key": signed_by_somebody_else,
    "claims changed": tampered,
    "unknown key id": lambda _: TokenIssuer().token("operator"),
    "without key id": lambda issuer: with_header(issuer.token(), alg="RS256"),
    "no token": lambda _: "",
    "not three parts": lambda issuer: issuer.token().rsplit(".", 1)[0],
    "not base64": lambda _: "a.b.c",
    "not ASCII": lambda _: "é.ü.€",
}


@pytest.mark.parametrize("case", REFUSED)
async def test_such_a_token_is_refused(verifier: TokenVerifier, issuer: TokenIssuer, case: str) -> None:
    with pytest.raises(Unauthorized):
        await verifier.verify(REFUSED[case](issuer))


async def test_a_good_token_names_its_caller(verifier: TokenVerifier, issuer: TokenIssuer) -> None:
    person_id = uuid4()
    caller = await verifier.verify(issuer.token("employee", "program_owner", person_id=person_id))
    roles = frozenset({"employee", "program_owner"})
    assert caller == Caller(str(person_id), roles, person_id, caller.expires_at)
    assert caller.person == person_id


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"roles": ["employee", "admin", "root"]}, {"employee"}),
        ({"roles": "operator"}, set()),
        ({"roles": None}, set()),
    ],
)
async def test_only_roles_that_we_know_count(
    verifier: TokenVerifier, issuer: TokenIssuer, claims: dict[str, Any], roles: set[str]
) -> None:
    assert (await verifier.verify(issuer.token(**claims))).roles == roles


async def test_a_small_difference_of_clocks_is_borne(verifier: TokenVerifier, issuer: TokenIssuer) -> None:
    assert await verifier.verify(issuer.token(exp=int(time.time()) - 5))


async def test_a_caller_is_known_for_as_long_as_the_token_says(verifier: TokenVerifier, issuer: TokenIssuer) -> None:
    ends = int(time.time()) + 77
    assert (await verifier.verify(issuer.token(exp=ends))).expires_at == ends


async def test_a_program_has_no_person(verifier: TokenVerifier, issuer: TokenIssuer) -> None:
    caller = await verifier.verify(issuer.token("hr_platform"))
    assert caller.person_id is None
    with pytest.raises(Forbidden):
        _ = caller.person


async def test_keys_are_fetched_once_for_many_tokens(
    verifier: TokenVerifier, issuer: TokenIssuer, keys: KeyServer
) -> None:
    await asyncio.gather(*(verifier.verify(issuer.token()) for _ in range(10)))
    assert keys.requests == 1


async def test_made_up_key_ids_do_not_flood_the_key_server(
    verifier: TokenVerifier, issuer: TokenIssuer, keys: KeyServer
) -> None:
    await verifier.verify(issuer.token())
    forged = TokenIssuer().token()
    for _ in range(20):
        with pytest.raises(Unauthorized):
            await verifier.verify(forged)
    assert keys.requests == 1
    assert await verifier.verify(issuer.token())


async def test_a_new_key_is_learned_from_the_first_token_that_names_it(
    impatient: TokenVerifier, issuer: TokenIssuer, keys: KeyServer
) -> None:
    await impatient.verify(issuer.token())
    rotated = TokenIssuer()
    keys.document = {"keys": [*issuer.jwks["keys"], *rotated.jwks["keys"]]}
    assert await impatient.verify(rotated.token())
    assert await impatient.verify(issuer.token())


async def test_a_key_that_was_withdrawn_is_worth_nothing(
    impatient: TokenVerifier, issuer: TokenIssuer, keys: KeyServer
) -> None:
    await impatient.verify(issuer.token())
    keys.document = TokenIssuer().jwks
    with pytest.raises(Unauthorized):
        await impatient.verify(issuer.token())


@pytest.mark.parametrize("rubbish", [None, [], {}, "text", 7, {"keys": 7}, {"keys": [7]}, {"keys": [{}]}], ids=repr)
async def test_keys_outlive_a_key_server_that_answers_nothing_useful(
    impatient: TokenVerifier, issuer: TokenIssuer, keys: KeyServer, rubbish: Any
) -> None:
    await impatient.verify(issuer.token())
    keys.document = rubbish
    assert await impatient.verify(issuer.token())
    assert keys.requests == 2


def app_with(verifier: TokenVerifier) -> Any:
    router = APIRouter()

    @router.get("/me")
    async def me(caller: Annotated[Caller, Depends(get_caller)]) -> str:
        return caller.subject

    @router.get("/operators", dependencies=[Depends(allow("operator", "hr_platform"))])
    async def operators() -> str:
        return "welcome"

    settings = settings_for("http://127.0.0.1:1/jwks.json")
    app = create_api(Service("test", settings, Database(settings), [router]))
    app.state.verifier = verifier
    return app


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x.y.z"}]
)
async def test_who_does_not_sign_in_is_told_how(verifier: TokenVerifier, header: dict[str, str]) -> None:
    async with client_of(app_with(verifier)) as client:
        answer = await client.get("/me", headers=header)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Not signed in"


@pytest.mark.parametrize(("roles", "status"), [(["operator"], 200), (["employee", "hr_platform"], 200), ([], 403)])
async def test_a_route_is_open_to_its_roles_only(
    verifier: TokenVerifier, issuer: TokenIssuer, roles: list[str], status: int
) -> None:
    async with client_of(app_with(verifier)) as client:
        answer = await client.get("/operators", headers={"Authorization": f"Bearer {issuer.token(*roles)}"})
    assert answer.status_code == status


async def test_without_any_keys_nobody_can_be_recognised_and_callers_are_told_to_come_back(issuer: TokenIssuer) -> None:
    verifier = TokenVerifier(settings_for("http://127.0.0.1:1/jwks.json"))
    async with client_of(app_with(verifier)) as client:
        answer = await client.get("/me", headers={"Authorization": f"Bearer {issuer.token()}"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["title"] == Unavailable.title
