"""Which parts of a text are links that may be followed. Beside step 3 of the write path; pure.

Only http and https, written out, to a host, with nothing that hides where it leads: no user name before the host, no
invisible character. Everything else is text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

CANDIDATE = re.compile(r"""(?<!\w)https?://[^\s<>"'`{}|\\^]+""", re.IGNORECASE)
HOST = re.compile(r"\[[0-9a-f:.]+\]|[\w-]+(\.[\w-]+)*\.?", re.IGNORECASE)
CLOSING = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text: `text[start:end]` is `url`, counted in characters."""

    start: int
    end: int
    url: str


def links_of(text: str) -> Iterator[Link]:
    """The links of a text in order."""
    for found in CANDIDATE.finditer(text):
        url = _without_punctuation(found.group())
        if _leads_where_it_says(url):
            yield Link(found.start(), found.start() + len(url), url)


def _without_punctuation(url: str) -> str:
    """What ends a sentence or a bracket around the link is not part of it."""
    while url[-1] in ".,;:!?*_~" or (url[-1] in CLOSING and url.count(url[-1]) > url.count(CLOSING[url[-1]])):
        url = url[:-1]
    return url


def _leads_where_it_says(url: str) -> bool:
    if any(unicodedata.category(character) in ("Cf", "Cc") for character in url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    host = parts.netloc.removesuffix(f":{parts.port}")
    return HOST.fullmatch(host) is not None
