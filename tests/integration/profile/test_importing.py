"""Other vocabularies come in from files, on a real database: tried, taken, and taken again."""

from typing import Any

import pytest
from flash_local.home import CHECKOUT
from flash_schemas.profile import SkillChangedV1
from profile_service import importing
from profile_service.importing import import_skills
from profile_service.seed import seed

from tests.integration.profile.conftest import Company
from tests.integration.profile.test_profiles import skill
from tests.integration.profile.test_vocabulary import change, merge, names, read

FILES = CHECKOUT / "tests/support/vocabularies"
FORMATS = [
    ("esco", "skills_en.csv"),
    ("onet", "technology_skills.txt"),
    ("onet", "work_skills.txt"),
    ("github-topics", "topics"),
    ("csv", "plain.csv"),
]
TABLES = ("skill", "skill_name", "skill_source", "skill_merge", "outbox", "audit_entry")


async def run(company: Company, format_name: str, name: str, *options: str) -> int:
    return await import_skills(company.api.service, [str(FILES / name), "--format", format_name, *options])


async def everything(company: Company) -> list[Any]:
    """All rows that an import could touch."""
    async with company.api.database.connection() as connection:
        return [await connection.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]


def totals(output: str) -> dict[str, int]:
    """The counts of the summary."""
    (line,) = (line for line in output.splitlines() if line.endswith(" skipped."))
    return {name: int(number) for number, name in (part.split() for part in line.rstrip(".").split(", "))}


@pytest.mark.parametrize(("format_name", "name"), FORMATS)
async def test_a_dry_run_says_what_a_run_does_and_touches_nothing(
    company: Company, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, format_name: str, name: str
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    await skill(company, "Kubernetes", "kube")
    await skill(company, "Excel", "baking bread")
    before = await everything(company)
    assert await run(company, format_name, name, "--dry-run") == 0
    tried = capsys.readouterr().out
    assert await everything(company) == before
    assert await run(company, format_name, name) == 0
    done = capsys.readouterr().out
    assert totals(tried) == totals(done)
    assert totals(done)["added"]
    assert "nothing is written" in tried
    after = await everything(company)
    assert await run(company, format_name, name) == 0
    again = totals(capsys.readouterr().out)
    assert (again["added"], again["changed"]) == (0, 0)
    assert await everything(company) == after, "a second run changes nothing"


async def test_what_is_taken_is_published_and_found_by_every_name(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    kubernetes = await skill(company, "Kubernetes", "kube")
    await run(company, "github-topics", "topics")
    said = [
        (event.label, event.change, event.aliases, version)
        for event, version in await company.api.events(SkillChangedV1)
    ]
    assert said == [
        ("Kubernetes", "created", ("kube",), 1),
        ("CI/CD", "created", ("ci-cd", "cicd"), 1),
        ("Kubernetes", "edited", ("kube", "k8s", "kubernetes-cluster"), 2),
    ]
    audited = (await everything(company))[-1]
    assert [(row["action"], row["client"]) for row in audited[1:]] == [
        ("skill.created", "profile"),
        ("skill.edited", "profile"),
    ]
    assert audited[-1]["before"]["aliases"] == ["kube"]
    assert str((await names(company.api.database))["k8s"]) == kubernetes["skill_id"]
    output = capsys.readouterr().out
    assert "skipped    untitled/index.md: it has no topic or no display_name" in output


async def test_a_line_that_is_bad_is_named_and_holds_up_no_other(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(company, "csv", "plain.csv") == 0
    output = capsys.readouterr().out
    assert "skipped    line 6: it has 4 fields instead of 3" in output
    assert "line 7: Flat bread (pita); not taken: baking bread is a name of Bread baking; no skill is called" in output
    assert totals(output) == {"added": 4, "changed": 0, "unchanged": 0, "skipped": 3}


async def test_a_skill_that_its_source_renames_is_known_again(company: Company, tmp_path: Any) -> None:
    file = tmp_path / "s.csv"
    for label, alias in (("Weaving", "looms"), ("Working looms", "cloth")):
        file.write_text(f"id,label,aliases\n7,{label},{alias}\n", encoding="utf-8")
        assert await import_skills(company.api.service, [str(file), "--format", "csv", "--source", "ours"]) == 0
    (skill_id,) = set((await names(company.api.database)).values())
    known = await read(company, str(skill_id))
    assert (known["label"], known["aliases"]) == ("Working looms", ["looms", "cloth", "Weaving"])


async def test_what_was_merged_here_is_imported_into_the_winner(company: Company, tmp_path: Any) -> None:
    file = tmp_path / "s.csv"
    file.write_text("id,label,aliases\n7,Weaving,\n", encoding="utf-8")
    arguments = [str(file), "--format", "csv"]
    await import_skills(company.api.service, arguments)
    (skill_id,) = set((await names(company.api.database)).values())
    cloth = await skill(company, "Cloth making")
    await merge(company, {"skill_id": str(skill_id)}, cloth)
    file.write_text("id,label,aliases\n7,Weaving,looms\n", encoding="utf-8")
    await import_skills(company.api.service, arguments)
    assert (await read(company, cloth["skill_id"]))["aliases"] == ["Weaving", "looms"]


async def test_a_retired_skill_is_left_alone(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    kubernetes = await change(company, await skill(company, "Kubernetes"), retired=True)
    await run(company, "github-topics", "topics")
    assert "kubernetes/index.md: Kubernetes; not taken: it is not in use here" in capsys.readouterr().out
    assert (await read(company, kubernetes.json()["skill_id"]))["aliases"] == []


@pytest.mark.parametrize("name", ["nowhere.csv", "plain.csv"])
async def test_a_file_that_cannot_be_read_is_said_so(
    company: Company, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert await run(company, "esco", name) == 1
    assert name in capsys.readouterr().err


async def test_a_long_import_says_how_far_it_is(
    company: Company, capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "TELL_EVERY", 400)
    file = tmp_path / "many.csv"
    file.write_text("label,aliases\n" + "".join(f"Skill {n},alias {n}\n" for n in range(1000)), encoding="utf-8")
    assert await import_skills(company.api.service, [str(file), "--format", "csv"]) == 0
    output = capsys.readouterr().out.splitlines()
    assert output[:2] == ["400 of 1000 so far", "800 of 1000 so far"]
    assert output[-1] == "1000 added, 0 changed, 0 unchanged, 0 skipped."


async def test_the_seed_brings_its_order_along(company: Company) -> None:
    await seed(company.api.service)
    events = {event.label: event for event, _ in await company.api.events(SkillChangedV1)}
    assert events["Excel lookups"].broader_id == events["Excel"].skill_id
