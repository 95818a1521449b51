"""What reaches the log of what libraries say again and again."""

import logging
from collections.abc import Iterator

import pytest
from chassis import logs


class Kept(logging.Handler):
    """Keeps what is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, library = Kept(), logging.getLogger("library")
    handler.addFilter(logs.Seldom("library"))
    library.addHandler(handler)
    logging.getLogger("other").addHandler(handler)
    yield handler
    library.removeHandler(handler)
    logging.getLogger("other").removeHandler(handler)


def complain(about: str) -> None:
    logging.getLogger("library.part").error("cannot reach %s", about)


def test_a_complaint_made_again_and_again_is_said_once(kept: Kept) -> None:
    for node in range(50):
        complain(str(node))
    assert kept.lines == ["cannot reach 0"]


def test_after_a_while_it_is_said_again_with_how_often_it_was_made(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    complain("a")
    complain("b")
    monkeypatch.setattr(logs, "REPEATED_AFTER_S", 0)
    complain("c")
    complain("d")
    assert kept.lines == ["cannot reach a", "cannot reach c (and 1 times since the last such line)", "cannot reach d"]


def test_another_complaint_and_what_others_say_come_through(kept: Kept) -> None:
    complain("a")
    logging.getLogger("library.part").error("something else")
    for _ in range(3):
        logging.getLogger("other").error("again")
    assert kept.lines == ["cannot reach a", "something else", "again", "again", "again"]
