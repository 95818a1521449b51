"""What other vocabularies look like in files: each reader makes entries of them, or says what is wrong with a line."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from profile_service.model import Entry, normalised

LONGEST_NAME = 200
FRONT_MATTER = "---"
NOT_UTF_8 = "\ufffd"


class NotReadable(Exception):
    """The file as a whole is not of its format."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that cannot be taken, and why."""

    place: str
    reason: str


def read(format_name: str, path: Path) -> tuple[list[Entry], list[Skipped]]:
    """The entries of a file or folder, what is broader first, and what is wrong. Raises NotReadable, OSError."""
    entries: dict[str, Entry] = {}
    skipped: list[Skipped] = []
    for item in READERS[format_name](path):
        checked = _checked(item) if isinstance(item, Entry) else item
        if isinstance(checked, Skipped):
            skipped.append(checked)
        elif first := entries.get(checked.source_id):
            skipped.append(Skipped(checked.place, f"{checked.source_id} stands at {first.place} already"))
        else:
            entries[checked.source_id] = checked
    return list(_broader_first(list(entries.values()), skipped)), skipped


def _checked(entry: Entry) -> Entry | Skipped:
    """The entry with tidy names."""
    label, *aliases = (" ".join(name.split()) for name in entry.names())
    if not label or not entry.source_id:
        return Skipped(entry.place, "it has no name" if entry.source_id else "it has no id")
    for name in (label, *aliases, entry.source_id):
        if len(name) > LONGEST_NAME:
            return Skipped(entry.place, f"{name[:40]}... has more than {LONGEST_NAME} characters")
        if NOT_UTF_8 in name or "\0" in name:
            return Skipped(entry.place, "it is not UTF-8 text")
    return replace(entry, label=label, aliases=tuple(filter(None, aliases)))


def _broader_first(entries: Sequence[Entry], skipped: list[Skipped]) -> Iterator[Entry]:
    """In the order of the file, but nothing before what is broader; a circle is opened where it closes."""
    by_name = {normalised(entry.label): entry for entry in entries}
    done: set[str] = set()
    for entry in entries:
        way: list[Entry] = []
        step: Entry | None = entry
        while step and step.source_id not in done:
            if step in way:
                skipped.append(Skipped(way[-1].place, f"{step.label} is not taken as broader: it is narrower, too"))
                way[-1] = replace(way[-1], broader=None)
                break
            way.append(step)
            step = by_name.get(normalised(step.broader)) if step.broader else None
        done |= {one.source_id for one in way}
        yield from reversed(way)


Row = Mapping[str, str]
Item = Entry | Skipped


def _rows(path: Path, needed: Iterable[str], made: Callable[[str, Row], Item], **dialect: Any) -> Iterator[Item]:
    """What is made of each record and the number of its first line. Raises NotReadable without a column, OSError."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        records = csv.reader(file, **dialect)
        columns = next(records, [])
        if missing := [name for name in needed if name not in columns]:
            raise NotReadable(f"it has no column {missing[0]}")
        while True:
            place = f"line {records.line_num + 1}"
            try:
                fields = next(records)
            except StopIteration:
                return
            except csv.Error as error:
                yield Skipped(place, str(error))
                continue
            if len(fields) == len(columns):
                yield made(place, dict(zip(columns, fields, strict=True)))
            elif fields:
                yield Skipped(place, f"it has {len(fields)} fields instead of {len(columns)}")


def _csv(path: Path) -> Iterator[Item]:
    """Ours: label, aliases with bars between, and, if there are such columns, broader and id."""

    def made(place: str, row: Row) -> Item:
        source_id = row.get("id", normalised(row["label"]))
        return Entry(place, source_id, row["label"], tuple(row["aliases"].split("|")), row.get("broader") or None)

    return _rows(path, ("label", "aliases"), made)


def _esco(path: Path) -> Iterator[Item]:
    """ESCO's skills_<language>.csv: one line a skill, its other names in lines within a field."""

    def made(place: str, row: Row) -> Item:
        if row["status"] != "released":
            return Skipped(place, f"its status is {row['status'] or 'empty'}")
        aliases = (*row["altLabels"].splitlines(), *row.get("hiddenLabels", "").splitlines())
        return Entry(place, row["conceptUri"], row["preferredLabel"], aliases)

    return _rows(path, ("conceptUri", "preferredLabel", "altLabels", "status"), made)


def _onet(path: Path) -> Iterator[Item]:
    """O*NET's "Technology Skills" or "Skills": one line an occupation, so that all things stand there many times."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        technology = "Example" in file.readline().split("\t")
    seen: set[str] = set()
    for item in _technologies(path) if technology else _elements(path):
        if isinstance(item, Skipped) or item.source_id not in seen:
            yield item
        if isinstance(item, Entry):
            seen.add(item.source_id)


def _elements(path: Path) -> Iterator[Item]:
    def made(place: str, row: Row) -> Item:
        return Entry(place, row["Element ID"], row["Element Name"])

    return _rows(path, ("Element ID", "Element Name"), made, **TABS)


def _technologies(path: Path) -> Iterator[Item]:
    """Each product, after the commodity that is broader."""

    def made(place: str, row: Row) -> Item:
        name, title = row["Example"], row["Commodity Title"]
        return Entry(place, f"technology:{normalised(name)}"[:LONGEST_NAME], name, (), title or None)

    def broader(place: str, row: Row) -> Item:
        return Entry(place, f"commodity:{row['Commodity Code']}", row["Commodity Title"])

    columns = ("Example", "Commodity Code", "Commodity Title")
    yield from (item for item in _rows(path, columns, broader, **TABS) if isinstance(item, Entry))
    yield from _rows(path, columns, made, **TABS)


def _github_topics(path: Path) -> Iterator[Item]:
    """A checkout of GitHub's topics, or its folder `topics`: <name>/index.md, each with YAML before its text."""
    folder = path / "topics" if (path / "topics").is_dir() else path
    files = sorted(folder.glob("*/index.md"))
    if not files:
        raise NotReadable("there is no <topic>/index.md in it")
    return (_topic(f"{file.parent.name}/index.md", file) for file in files)


def _topic(place: str, file: Path) -> Item:
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    if lines[:1] != [FRONT_MATTER] or FRONT_MATTER not in lines[1:]:
        return Skipped(place, f"it has no part between lines of {FRONT_MATTER}")
    try:
        said = yaml.load("\n".join(lines[1 : lines.index(FRONT_MATTER, 1)]), yaml.BaseLoader)  # noqa: S506 - texts only
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return Skipped(f"{place} line {mark.line + 2}" if mark else place, "it is not YAML")
    if not isinstance(said, dict) or not all(isinstance(said.get(name), str) for name in ("topic", "display_name")):
        return Skipped(place, "it has no topic or no display_name")
    aliases = said.get("aliases", "")
    names = aliases if isinstance(aliases, list) else str(aliases).split(",")
    return Entry(place, said["topic"], said["display_name"], (said["topic"], *map(str, names)))


TABS: dict[str, Any] = {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
READERS: dict[str, Callable[[Path], Iterator[Item]]] = {
    "csv": _csv,
    "esco": _esco,
    "onet": _onet,
    "github-topics": _github_topics,
}
