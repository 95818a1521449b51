"""Data lies where whoever writes it can reach it."""

import os
from pathlib import Path

import pytest
from flash_local.home import Home, cache_folder


def test_an_ordinary_user_keeps_everything_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert Home(tmp_path).database_data == tmp_path / "data" / "postgres"


def test_root_keeps_the_database_outside_a_closed_home_always_in_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    outside = Home(closed / "checkout" / ".flash").database_data
    assert not outside.is_relative_to(closed)
    assert Home(closed / "checkout" / ".flash").database_data == outside
    assert Home(closed / "other" / ".flash").database_data != outside


def test_the_cache_is_shared_by_checkouts_and_may_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "flash-mentoring"
    monkeypatch.setenv("FLASH_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
