"""Of a text only what plainly leads to a web page is a link."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_service.model import Link, links_of

ANY_TEXT = st.text(st.one_of(st.characters(), st.sampled_from("htps:/.@()[]%\\\u202e ")), max_size=200)


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("See https://docs.example.org/a?b=c#d.", ["https://docs.example.org/a?b=c#d"]),
        ("HTTP://EXAMPLE.ORG and https://example.org:8443/x", ["HTTP://EXAMPLE.ORG", "https://example.org:8443/x"]),
        ("(https://en.example.org/wiki/Go_(game))", ["https://en.example.org/wiki/Go_(game)"]),
        ("[https://example.org]", ["https://example.org"]),
        ('<https://example.org/a>, "https://example.org/b"', ["https://example.org/a", "https://example.org/b"]),
        ("https://bücher.example/ and http://[2001:db8::1]/x", ["https://bücher.example/", "http://[2001:db8::1]/x"]),
        ("http://localhost/x", ["http://localhost/x"]),
    ],
)
def test_what_a_person_means_as_a_link_is_one(text: str, urls: list[str]) -> None:
    assert [link.url for link in links_of(text)] == urls


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "www.example.org",
        "me@example.org",
        "mailto:me@example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "xhttp://example.org",
        "https://",
        "https:///path",
        "https://bank.example@evil.example/",
        "https://user:word@evil.example/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://exam\u200bple.org/",
        "https://example.org/\u202egnp.exe",
        "https://[::1/",
        "https://exa%6dple.org@evil.example",
        "https://.example.org/",
    ],
)
def test_nothing_else_is_a_link(text: str) -> None:
    assert list(links_of(text)) == []


@given(text=ANY_TEXT)
def test_a_link_is_a_part_of_the_text_and_begins_with_its_scheme(text: str) -> None:
    end = 0
    for link in links_of(text):
        assert isinstance(link, Link)
        assert end <= link.start < link.end <= len(text)
        assert text[link.start : link.end] == link.url
        assert link.url.lower().startswith(("http://", "https://"))
        assert not set(link.url) & set("<>\"'`\\ \n\u202e")
        assert "@" not in re.split("[/?#]", link.url[8:])[0]
        end = link.end
