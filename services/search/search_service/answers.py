"""What a search answers: who matches, why, and what else could be chosen."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from chassis.http import Answer, Page
from flash_schemas.profile import SKILL_CONFIRMED_DAYS

from search_service.vocabulary import Vocabulary

_WORDS_APART = re.compile(r"[._]text$")
"""What the index calls a field beyond its name, where it keeps the words of it apart."""
SHOWN_FIELDS = {
    "unit": "units",
    "location": "location",
    "job_title": "job_title",
    "job_level": "job_level",
    "languages": "languages",
    "bio": "bio",
    "can_help_with": "can_help_with",
}


class Reason(Answer):
    """One reason why somebody is listed, as a sentence and in parts.

    `narrower_than` is the skill that was asked for, where somebody has a kind or a part of it.
    """

    kind: Literal["skill", "text"]
    text: str
    skill_id: UUID | None = None
    level: int | None = None
    last_used: date | None = None
    field: str | None = None
    narrower_than: UUID | None = None


class SkillItem(Answer):
    """A skill that somebody has; `stale` when they have not confirmed it for 180 days."""

    skill_id: UUID
    label: str
    level: int
    last_used: date | None = None
    retired: bool = False
    stale: bool


class AvailabilityItem(Answer):
    """What somebody can still take; null where they never said anything."""

    available: bool
    slots_left: int | None
    paused_until: date | None
    answer_time_band: str


class PersonItem(Answer):
    """Somebody who matches, with what the program shows; null where it does not, or they do not."""

    person_id: UUID
    name: str
    why: list[Reason]
    skills: list[SkillItem]
    availability: AvailabilityItem
    units: list[str] | None = None
    location: str | None = None
    job_title: str | None = None
    job_level: int | None = None
    languages: list[str] | None = None
    bio: str | None = None
    can_help_with: list[str] | None = None


class FacetValue(Answer):
    """A value that could be chosen, and how many would then be left of the present result."""

    value: str
    label: str
    count: int


class LinkedSkill(Answer):
    """A skill that the query was taken to mean."""

    skill_id: UUID
    label: str


class Correction(Answer):
    """A word that was read as another."""

    typed: str
    read_as: str


class PeoplePage(Page):
    """People in order of relevance. `matching` counts also those who cannot take a request now."""

    search_id: UUID
    matching: int
    available: int
    items: list[PersonItem]
    facets: dict[str, list[FacetValue]]
    skills: list[LinkedSkill]
    units: list[str]
    corrections: list[Correction]


class UnlinkedTerm(Answer):
    """Words that people searched and that no skill is called."""

    term: str
    searchers: int
    last_seen_on: date


class UnlinkedTermPage(Page):
    """Terms, those that most people searched first."""

    items: list[UnlinkedTerm]


def sessions_a_month(program: Mapping[str, Any]) -> int:
    """What a program lets a mentor take."""
    limit: int = program["request_policy"]["sessions_per_mentor_and_month"]
    return limit


class Presenter:
    """Turns hits into items for one search in a program; `asked` are its skills, `narrower` those below each."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        asked: Sequence[UUID],
        narrower: Mapping[UUID, Sequence[UUID]],
        program: Mapping[str, Any],
        today: date,
    ) -> None:
        self._vocabulary = vocabulary
        self._asked: dict[str, UUID | None] = {str(each): above for above, below in narrower.items() for each in below}
        self._asked |= {str(skill_id): None for skill_id in asked}
        self._show: Sequence[str] = program["search_fields"]["show"]
        self._program_id: str = program["program_id"]
        self._sessions_a_month = sessions_a_month(program)
        self._today = today

    def item(self, hit: Mapping[str, Any]) -> PersonItem:
        """A hit as its finder may see it."""
        source = hit["_source"]
        shown = {SHOWN_FIELDS[name]: source.get(SHOWN_FIELDS[name]) for name in self._show if name in SHOWN_FIELDS}
        return PersonItem(
            person_id=source["person_id"],
            name=source["name"],
            why=[*self._skill_reasons(source), *self._text_reasons(hit.get("highlight", {}))],
            skills=[self._skill(claim) for claim in source["skills"]],
            availability=self._availability(source),
            **shown,
        )

    def facet(self, name: str, aggregation: Mapping[str, Any]) -> list[FacetValue]:
        """The values of a facet with their counts, most frequent first."""
        buckets = aggregation["values"]["buckets"]
        return [
            FacetValue(value=str(b["key"]), label=self._label(name, str(b["key"])), count=b["doc_count"])
            for b in buckets
        ]

    def _label(self, facet: str, value: str) -> str:
        return (self._vocabulary.label(UUID(value)) or value) if facet == "skill" else value

    def _skill(self, claim: Mapping[str, Any]) -> SkillItem:
        skill_id = UUID(claim["skill_id"])
        label = self._vocabulary.label(skill_id) or claim["skill_id"]
        retired = self._vocabulary.retired(skill_id)
        oldest = self._today - timedelta(days=SKILL_CONFIRMED_DAYS)
        stale = date.fromisoformat(claim["confirmed_on"]) < oldest
        facts = {name: claim.get(name) for name in ("skill_id", "level", "last_used")}
        return SkillItem(label=label, retired=retired, stale=stale, **facts)

    def _skill_reasons(self, source: Mapping[str, Any]) -> list[Reason]:
        """The skills that were asked for themselves come first."""
        asked = [claim for claim in source["skills"] if claim["skill_id"] in self._asked]
        reasons = [self._skill_reason(self._skill(claim), self._asked[claim["skill_id"]]) for claim in asked]
        return sorted(reasons, key=lambda reason: reason.narrower_than is not None)

    def _skill_reason(self, skill: SkillItem, above: UUID | None) -> Reason:
        facts = [f"{skill.label}, level {skill.level}", *_last_used(skill)]
        of = f", which belongs to {self._vocabulary.label(above)}" if above else ""
        about = {name: getattr(skill, name) for name in ("skill_id", "level", "last_used")}
        return Reason(kind="skill", text=", ".join(facts) + of, narrower_than=above, **about)

    def _text_reasons(self, highlights: Mapping[str, Sequence[str]]) -> list[Reason]:
        """Where the words were found; quoted only from fields that are shown."""
        visible, found = (
            {"name", *self._show},
            {_WORDS_APART.sub("", name): parts[0] for name, parts in highlights.items()},
        )
        return [
            Reason(kind="text", field=field, text=part if field in visible else f"found in {field}")
            for field, part in found.items()
        ]

    def _availability(self, source: Mapping[str, Any]) -> AvailabilityItem:
        pauses = [pause["until"] for pause in source.get("pauses", ()) if pause["program_id"] == self._program_id]
        pauses += [source["paused_until"]] if "paused_until" in source else []
        pauses += [each["lt"] for each in source.get("away", ()) if date.fromisoformat(each["gte"]) <= self._today]
        paused_until = max(map(date.fromisoformat, pauses), default=None)
        paused = paused_until is not None and paused_until > self._today
        slots_left = self._slots_left(source)
        takes = slots_left != 0 and source.get("capacity") != 0 and not source.get("silent")
        return AvailabilityItem(
            available=takes and not paused,
            slots_left=slots_left,
            paused_until=paused_until if paused else None,
            answer_time_band=source.get("answer_time_band", "unknown"),
        )

    def _slots_left(self, source: Mapping[str, Any]) -> int | None:
        """Under this program's limit, which may be lower than that of others; None where they never said anything."""
        if "capacity" not in source:
            return None
        this_month = source.get("month") == f"{self._today:%Y-%m}"
        left: int = source["slots_left"] if this_month else source["capacity"]
        used: int = source.get("slots_used", 0) if this_month else 0
        return max(0, min(left, self._sessions_a_month - used))


def _last_used(skill: SkillItem) -> list[str]:
    return [f"last used {skill.last_used}"] if skill.last_used else []
