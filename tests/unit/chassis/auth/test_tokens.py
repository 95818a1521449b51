"""Which tokens are taken, and for whom their callers are taken."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from chassis.auth import Caller, TokenVerifier
from chassis.problems import Forbidden, Unauthorized
from chassis.testing import TokenIssuer
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.unit.chassis.auth.conftest import (
    NOW,
    claiming,
)


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)
    )


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
