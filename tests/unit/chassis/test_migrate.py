"""How the tool that migrates is told which database."""

from pathlib import Path

import pytest
from chassis import migrate as command
from chassis.migrate import migrate

TOOL = """#!/bin/sh
echo "$@" > "$0.arguments"
echo "$DATABASE_URL" > "$0.address"
"""


def test_the_owners_password_is_in_no_list_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "dbmate"
    tool.write_text(TOOL)
    tool.chmod(0o700)
    monkeypatch.setattr(command, "_dbmate", lambda: tool)
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody/else")
    with (tmp_path / "output").open("w") as output:
        monkeypatch.setattr("sys.stdout", output)
        monkeypatch.setattr("sys.stderr", output)
        assert migrate("postgresql://owner:secret@localhost/profile", tmp_path) == 0
    assert "secret" not in (tmp_path / "dbmate.arguments").read_text()
    address = (tmp_path / "dbmate.address").read_text()
    assert address == "postgresql://owner:secret@localhost/profile?sslmode=disable\n"
