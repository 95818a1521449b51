"""What the doctor finds is said in a sentence that ends with what to do."""

import os
import socket
from pathlib import Path

import pytest
from flash_local import bootstrap
from flash_local.doctor import Verdict, disk, memory, running, runs
from flash_local.home import Home
from flash_local.leftovers import Leftovers
from flash_local.locks import file_lock
from flash_local.ports import Ports
from flash_local.state import State
from rich.console import Console


def test_too_little_memory_is_a_problem_unless_the_platform_has_taken_it() -> None:
    assert memory(4_000_000_000, taken=False).verdict is Verdict.FINE
    assert memory(1_000_000_000, taken=True).verdict is Verdict.FINE
    finding = memory(1_000_000_000, taken=False)
    assert finding.verdict is Verdict.PROBLEM
    assert finding.sentence == (
        "Only 1.0 GB of memory available, 3 GB are needed: close other programs or use a larger machine."
    )


def test_too_little_disk_is_a_problem_also_for_a_folder_that_does_not_exist_yet(tmp_path: Path) -> None:
    assert disk("data", tmp_path / "new" / "folder", needed_bytes=1).verdict is Verdict.FINE
    finding = disk("data", tmp_path / "new", needed_bytes=10**18)
    assert finding.verdict is Verdict.PROBLEM
    assert "GB free for data" in finding.sentence
    assert finding.sentence.endswith("are needed: free some.")


def test_a_program_that_does_not_run_here_is_a_problem_with_its_own_words(tmp_path: Path) -> None:
    assert runs("Java", ["true"]).verdict is Verdict.FINE
    assert "make setup" in runs("Java", [str(tmp_path / "java")]).sentence
    finding = runs("Java", ["sh", "-c", "echo no such library >&2; exit 127"])
    assert finding.verdict is Verdict.PROBLEM
    assert "no such library" in finding.sentence


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PYTHON_MIN", (99, 0), "is too old: install Python 99.0 or newer"),
        ("GLIBC_MIN", (99, 0), "use a distribution with glibc 99.0 or newer"),
        ("MACHINES", ("pdp11",), "is not supported: use Linux on pdp11."),
    ],
)
def test_what_the_machine_lacks_is_named_before_anything_is_installed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, sentence: str
) -> None:
    assert bootstrap.unmet() == []
    monkeypatch.setattr(bootstrap, name, value)
    [found] = bootstrap.unmet()
    assert sentence in found


def test_a_remembered_port_that_somebody_took_is_worth_a_note(tmp_path: Path) -> None:
    home = Home(tmp_path)
    port = Ports(home.ports_file, Console(quiet=True)).take("kafka")
    assert not [finding for finding in running(home) if "kafka" in finding.sentence]
    with socket.create_server(("127.0.0.1", port)):
        [finding] = [finding for finding in running(home) if "kafka" in finding.sentence]
    assert finding.verdict is Verdict.NOTE
    assert finding.sentence.startswith(f"Port {port} (kafka) is in use by ")


def test_a_platform_whose_supervisor_was_killed_does_not_run(tmp_path: Path) -> None:
    home = Home(tmp_path)
    State(supervisor_pid=1, services={}, postgres="", kafka="", opensearch="").write(home.state_file)
    assert [finding.sentence for finding in running(home)] == ["The platform does not run: `make up` starts it."]
    with file_lock(home.lock_file):
        assert [finding.verdict for finding in running(home)] == [Verdict.FINE]


def test_processes_of_a_dead_supervisor_are_worth_a_note(tmp_path: Path) -> None:
    home = Home(tmp_path)
    Leftovers(home.processes_file).remember("kafka", os.getpid())
    [finding] = running(home)
    assert finding.verdict is Verdict.NOTE
    assert finding.sentence == "Starting, or left by a supervisor that died: kafka. `make down` ends them."
