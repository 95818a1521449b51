"""A link in a mail says who it is for and what it does; nobody else can make one, and none does what another does."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from chassis.problems import NotFound
from hypothesis import given
from hypothesis import strategies as st
from session_service import one_tap, signing
from session_service.notices import links
from session_service.notices.links import Links, Unsubscription

SECRET = "one secret of the deployment, of many bytes"
WHAT = Unsubscription(UUID(int=5), ["message_waiting", "survey"], "de")
LINKS = Links("https://flash.example", SECRET)
TAP = one_tap.Tap("accept", UUID(int=5), session_id=UUID(int=6))
TOMORROW = datetime.now(UTC) + timedelta(days=1)


def token_of(links: Links) -> str:
    return links.unsubscribe(WHAT).removeprefix("https://flash.example/api/v1/notices/unsubscribe/")


def test_a_link_is_read_as_it_was_made() -> None:
    assert LINKS.read(token_of(LINKS)) == WHAT
    assert one_tap.read(SECRET, one_tap.sign(SECRET, TAP, TOMORROW)) == TAP


def test_a_link_of_one_kind_is_nothing_as_another() -> None:
    with pytest.raises(NotFound):
        one_tap.read(SECRET, token_of(LINKS))
    with pytest.raises(NotFound):
        LINKS.read(one_tap.sign(SECRET, TAP, TOMORROW))


def test_even_the_same_words_are_nothing_to_whom_they_are_not_for() -> None:
    said = {"sub": str(TAP.person_id), "act": TAP.action, "sid": str(TAP.session_id)}
    assert one_tap.read(SECRET, signing.sign(SECRET, one_tap.AUDIENCE, said)) == TAP
    with pytest.raises(NotFound):
        one_tap.read(SECRET, signing.sign(SECRET, links.AUDIENCE, said))


def test_a_link_of_another_secret_says_nothing() -> None:
    with pytest.raises(NotFound):
        LINKS.read(token_of(Links("https://flash.example", "another secret of many bytes")))


@given(st.integers(0, len(token_of(LINKS)) - 1), st.sampled_from("ABCxyz019-_."))
def test_a_link_that_was_changed_says_nothing_else(place: int, sign: str) -> None:
    token = token_of(LINKS)
    changed = token[:place] + sign + token[place + 1 :]
    if changed[:-1] == token[:-1]:  # whose last sign has bits that say nothing
        return
    with pytest.raises(NotFound):
        LINKS.read(changed)


@given(st.text())
def test_any_other_text_says_nothing(text: str) -> None:
    with pytest.raises(NotFound):
        LINKS.read(text)
