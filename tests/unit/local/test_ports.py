"""Ports stay the same from start to start unless somebody else took one, which is said."""

import io
import os
import socket
from pathlib import Path

from flash_local.ports import Ports
from flash_local.processes import free_port
from rich.console import Console


def test_a_free_port_is_taken_again_at_the_next_start(tmp_path: Path) -> None:
    first = Ports(tmp_path / "ports.json", Console(quiet=True)).take("kafka")
    assert Ports(tmp_path / "ports.json", Console(quiet=True)).take("kafka") == first


def test_within_one_start_a_name_keeps_its_port_though_it_is_in_use_by_then(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json", Console(quiet=True))
    port = ports.take("kafka")
    with socket.create_server(("127.0.0.1", port)):
        assert ports.take("kafka") == port


def test_a_port_that_somebody_took_is_replaced_and_the_taker_named(tmp_path: Path) -> None:
    said = io.StringIO()
    port = Ports(tmp_path / "ports.json", Console(quiet=True)).take("gateway")
    with socket.create_server(("127.0.0.1", port)):
        replaced = Ports(tmp_path / "ports.json", Console(file=said, width=200)).take("gateway")
    assert replaced != port
    assert f"Port {port} (gateway) is in use by" in said.getvalue()
    assert f"(process {os.getpid()}); taking {replaced} instead." in said.getvalue()


def test_two_names_get_two_ports_though_neither_listens_yet(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    drawn = iter([first, first, second])
    ports = Ports(tmp_path / "ports.json", Console(quiet=True))
    assert [ports.take(name, drawn.__next__) for name in ("a", "b")] == [first, second]


def test_one_port_remembered_for_two_names_is_given_to_one(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    file.write_text('{"a": 20001, "b": 20001}')
    ports = Ports(file, Console(quiet=True))
    assert ports.take("a") != ports.take("b")
