"""Secrets of an installation are made once, and nobody else reads them."""

from pathlib import Path

import pytest
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_local.private_files import kept_secret
from flash_local.services import SERVICES, Issuer, environment
from search_service.settings import Settings


def test_a_secret_is_the_same_at_every_start_and_another_elsewhere(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "here" / "KEY")
    assert kept_secret(tmp_path / "here" / "KEY") == first
    assert kept_secret(tmp_path / "elsewhere" / "KEY") != first
    assert len(first) >= 32


def test_nobody_but_its_owner_reads_a_secret(tmp_path: Path) -> None:
    kept_secret(tmp_path / "secrets" / "KEY")
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert (tmp_path / "secrets" / "KEY").stat().st_mode & 0o077 == 0


def test_search_reads_the_key_that_the_installation_keeps_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (search,) = (service for service in SERVICES if service.name == "search")
    engines, urls = Engines("postgresql://p", "k:1", "http://o"), DatabaseUrls("postgresql://owner", "postgresql://app")
    for name, value in environment(search, urls, engines, Issuer("http://i", "http://i/jwks"), 1, tmp_path).items():
        monkeypatch.setenv(name, value)
    assert Settings().query_hash_key == kept_secret(tmp_path / "FLASH_QUERY_HASH_KEY")
