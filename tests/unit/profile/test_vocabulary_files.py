"""What is read out of other vocabularies' files, and our own seed."""

from pathlib import Path

import pytest
from flash_local.home import CHECKOUT
from profile_service import formats
from profile_service.model import Entry, normalised
from profile_service.seed import SKILLS
from search_service.vocabulary import words

FILES = CHECKOUT / "tests/support/vocabularies"


def read(format_name: str, name: str) -> tuple[dict[str, Entry], list[tuple[str, str]]]:
    """Entries by label, and what was skipped."""
    entries, skipped = formats.read(format_name, FILES / name)
    return {entry.label: entry for entry in entries}, [(line.place, line.reason) for line in skipped]


def test_esco_has_one_line_a_skill_with_names_in_lines() -> None:
    entries, skipped = read("esco", "skills_en.csv")
    assert entries["operate looms"].names() == ("operate looms", "weave cloth", "run weaving machines", "wevae cloth")
    assert entries["operate looms"].source_id == "http://data.test/skill/1"
    assert list(entries) == ["operate looms", "use spreadsheets"]
    assert skipped == [
        ("line 4", "its status is obsolete"),
        ("line 5", "it has 8 fields instead of 13"),
        ("line 6", "it has no name"),
    ]


def test_onet_names_each_technology_once_after_its_commodity() -> None:
    entries, skipped = read("onet", "technology_skills.txt")
    assert list(entries) == ["Drawing board software", "Ledger software", "Drawmaster 3000", 'Ledgerly "Pro"']
    assert entries["Drawmaster 3000"].broader == "Drawing board software"
    assert skipped == [("line 5", "it has 2 fields instead of 6")]


def test_onet_names_each_skill_once() -> None:
    entries, skipped = read("onet", "work_skills.txt")
    assert [entry.source_id for entry in entries.values()] == ["2.A.1.x", "2.A.1.y"]
    assert not skipped


def test_github_topics_are_folders_with_names_before_their_text() -> None:
    entries, skipped = read("github-topics", "")
    assert entries["Kubernetes"].aliases == ("kubernetes", "k8s", "kubernetes-cluster")
    assert entries["CI/CD"].names() == ("CI/CD", "ci-cd", "cicd")
    assert [place.partition(" ")[0] for place, _ in skipped] == ["broken/index.md", "untitled/index.md"]


def test_plain_csv_says_what_is_broader_in_any_order_but_no_circle() -> None:
    entries, skipped = read("csv", "plain.csv")
    assert list(entries) == ["Baking", "Bread baking", "Round loaves", "Flat bread"]
    assert (entries["Bread baking"].broader, entries["Baking"].broader) == ("Baking", None)
    assert [place for place, _ in skipped] == ["line 5", "line 6", "line 4"]


@pytest.mark.parametrize(("text", "reason"), [(b"name,aliases\n", "no column label"), (b"\xff\xfel\0", "no column")])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    file = tmp_path / "skills.csv"
    file.write_bytes(text)
    with pytest.raises(formats.NotReadable, match=reason):
        formats.read("csv", file)


@pytest.mark.parametrize("label", [b"caf\xe9", b"x" * 201, b"nu\0l"])
def test_a_name_that_cannot_be_kept_is_skipped(tmp_path: Path, label: bytes) -> None:
    file = tmp_path / "skills.csv"
    file.write_bytes(b"label,aliases\n" + label + b",\nGood,\n")
    entries, skipped = formats.read("csv", file)
    assert [entry.label for entry in entries] == ["Good"]
    assert [line.place for line in skipped] == ["line 2"]


def test_an_id_that_stands_twice_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "skills.csv"
    file.write_text("id,label,aliases\n7,One,\n7,Two,\n", encoding="utf-8")
    entries, skipped = formats.read("csv", file)
    assert [entry.label for entry in entries] == ["One"]
    assert skipped == [formats.Skipped("line 3", "7 stands at line 2 already")]


def test_every_name_of_the_seed_is_one_skills_however_it_is_typed() -> None:
    entries, skipped = formats.read("csv", SKILLS)
    assert not skipped
    assert len(entries) >= 400
    names = [name for entry in entries for name in entry.names()]
    assert len({normalised(name) for name in names}) == len(names)
    assert len({words(name) for name in names} - {()}) == len(names)
    labels = {entry.label for entry in entries}
    assert {entry.broader for entry in entries if entry.broader} <= labels
    assert {"CRM - Salesforce", "Kubernetes", "Excel pivot tables"} <= labels
