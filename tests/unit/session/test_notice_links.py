"""A link in a mail says who it is for; nobody else can make one."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from session_service.notices.links import Links, Unsubscription

WHAT = Unsubscription(UUID(int=5), ["message_waiting", "survey"], "de")
LINKS = Links("https://flash.example", "one secret")


def token_of(links: Links) -> str:
    return links.unsubscribe(WHAT).removeprefix("https://flash.example/api/v1/notices/unsubscribe/")


def test_a_link_is_read_as_it_was_made() -> None:
    assert LINKS.read(token_of(LINKS)) == WHAT


def test_a_link_of_another_secret_says_nothing() -> None:
    assert LINKS.read(token_of(Links("https://flash.example", "another secret"))) is None


@given(st.integers(0, 60), st.sampled_from("ABCxyz019-_"))
def test_a_link_that_was_changed_says_nothing(place: int, sign: str) -> None:
    token = token_of(LINKS)
    changed = token[:place] + sign + token[place + 1 :]
    assert LINKS.read(changed) == (WHAT if changed == token else None)


@given(st.text())
def test_any_other_text_says_nothing(text: str) -> None:
    assert LINKS.read(text) is None
