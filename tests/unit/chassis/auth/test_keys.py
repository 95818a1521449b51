"""Keys are fetched when they are needed, and outlive their server for a while."""

import asyncio
from typing import Any

import pytest
from chassis.auth import TokenVerifier
from chassis.problems import Unauthorized
from chassis.testing import TokenIssuer

from tests.unit.chassis.auth.conftest import (
    KeyServer,
)


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
