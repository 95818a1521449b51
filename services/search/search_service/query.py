"""The second step of a search: an understood query and chosen filters as one request to OpenSearch. Pure.

Whom the searcher may see is in `bool.filter` of the query, so that neither hits nor counts know anybody else. Their own
choices are in `post_filter`, and every facet counts under all choices but its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from search_service.document import HIDDEN_FROM_ALL
from search_service.understand import Present, Understood

LINKED_SKILL_SCORE = 1_000
"""More than any text can score: who has the skill comes before who merely mentions words."""
NARROWER_SKILL_SCORE = 200
"""For one of the narrower skills, the best of them: less than for the skill itself, whatever else matches."""
RELATED_SKILL_SCORE = 20
RECENCY_SCORE = 2
RECENCY_HALVES_AFTER = "730d"
FUZZY_BOOST = 0.2
FACET_VALUES = 100

FACET_FIELDS = {
    "unit": "units",
    "location": "location",
    "job_level": "job_level",
    "language": "languages",
    "skill": "skill_ids",
}
TEXT_FIELDS = {
    "job_title": "job_title^2",
    "experience": "experience",
    "bio": "bio",
    "can_help_with": "can_help_with^2",
    "unit": "unit_text",
    "location": "location.text",
    "languages": "languages.text",
    "job_level": "job_level.text",
}
"""Where each of a program's search fields is searched by words."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a searcher narrowed the result to; values of one list are alternatives. Skills are ids."""

    unit: tuple[str, ...] = ()
    location: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    skill: tuple[UUID, ...] = ()
    level_min: int | None = None
    job_level_min: int | None = None
    job_level_max: int | None = None
    available_only: bool = True


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom and what this searcher may see: the program, without themselves and who is kept apart from them; its
    searchable fields, and its limit."""

    program_id: UUID
    searcher_id: UUID
    search_fields: tuple[str, ...]
    facets: tuple[str, ...]
    sessions_a_month: int
    apart: tuple[UUID, ...] = ()


def build(
    scope: Scope, understood: Understood, choices: Choices, today: date, after: Sequence[Any] | None, size: int
) -> dict[str, Any]:
    """The request body: `size` hits after the sort values `after`, totals and facets."""
    chosen = _chosen(scope, choices, today)
    body: dict[str, Any] = {
        "query": {"bool": {"filter": _permitted(scope), **_relevance(scope, understood, choices, today)}},
        "post_filter": _all(chosen.values()),
        "aggs": {
            "matching": {"filter": _all(clause for name, clause in chosen.items() if name != "available")},
            "available": {"filter": _all([*chosen.values(), _available(scope, today)])},
            **{name: _facet(name, chosen) for name in scope.facets},
        },
        "sort": [{"_score": "desc"}, {"person_id": "asc"}],
        "size": size,
        "track_total_hits": True,
        "track_scores": True,
    }
    if after:
        body["search_after"] = after
    if told := " ".join(filter(None, (understood.text, understood.as_typed))):
        body["highlight"] = _highlight(scope, told)
    return body


def presence(scope: Scope, understood: Understood) -> dict[str, Any]:
    """The request body that asks which of its units somebody in scope is in, and what doubtful words are names."""
    names = [_called(scope, word) for word in understood.doubtful]
    units = {"terms": {"units": understood.units}}
    aggs: dict[str, Any] = {"names": {"filters": {"filters": names}}} if names else {}
    if understood.units:
        terms = {"field": "units", "include": understood.units, "size": len(understood.units)}
        aggs["units"] = {"terms": terms}
    either = {"should": [units, *names], "minimum_should_match": 1}
    return {"query": {"bool": {"filter": _permitted(scope), **either}}, "aggs": aggs, "size": 0}


def present(understood: Understood, answer: Mapping[str, Any]) -> Present:
    """What the answer to `presence` says."""
    counts = answer["aggregations"]
    units = counts["units"]["buckets"] if understood.units else ()
    names = zip(understood.doubtful, counts["names"]["buckets"], strict=True) if understood.doubtful else ()
    return Present(
        frozenset(unit["key"] for unit in units),
        frozenset(word for word, found in names if found["doc_count"]),
    )


def _called(scope: Scope, word: str) -> dict[str, Any]:
    """Somebody whose name, or the place where they work, holds this word as it is."""
    places = [TEXT_FIELDS["location"]] if "location" in scope.search_fields else []
    return {"multi_match": {"query": word, "fields": ["name", *places]}}


def _permitted(scope: Scope) -> list[dict[str, Any]]:
    return [
        {"term": {"programs": str(scope.program_id)}},
        {"term": {HIDDEN_FROM_ALL: False}},
        {"bool": {"must_not": [{"terms": {"person_id": [str(each) for each in (scope.searcher_id, *scope.apart)]}}]}},
    ]


def _relevance(scope: Scope, understood: Understood, choices: Choices, today: date) -> dict[str, Any]:
    """Everything that earns score; a typed query must be met by at least one clause of its own."""
    asked = [_skill([skill_id], LINKED_SKILL_SCORE, today) for skill_id in understood.skills]
    asked += [_skill(narrower, NARROWER_SKILL_SCORE, today) for narrower in understood.narrower.values()]
    asked += [_skill([skill_id], RELATED_SKILL_SCORE, today) for skill_id in understood.related]
    spoken = " ".join(filter(None, (understood.linked_text, understood.text)))
    for told in filter(None, (spoken, understood.as_typed)):
        asked += _text(scope, told)
    preferred = [_skill([skill_id], LINKED_SKILL_SCORE, today) for skill_id in choices.skill]
    required = [{"bool": {"should": asked, "minimum_should_match": 1}}] if asked else []
    return {"must": required or [{"match_all": {}}], "should": preferred}


def _skill(either: Sequence[UUID], score: int, today: date) -> dict[str, Any]:
    """Having one of these skills: `score`, and on top the level and how recently it was used, of the best alone."""
    recency = {"skills.last_used": {"origin": today.isoformat(), "scale": RECENCY_HALVES_AFTER, "decay": 0.5}}
    scored = {
        "query": {"terms": {"skills.skill_id": [str(skill_id) for skill_id in either]}},
        "functions": [
            {"weight": score},
            {"field_value_factor": {"field": "skills.level"}},
            {"filter": {"exists": {"field": "skills.last_used"}}, "gauss": recency, "weight": RECENCY_SCORE},
        ],
        "score_mode": "sum",
        "boost_mode": "replace",
    }
    return {"nested": {"path": "skills", "score_mode": "max", "query": {"function_score": scored}}}


def _text(scope: Scope, text: str) -> list[dict[str, Any]]:
    fields = _text_fields(scope)
    together = {"query": text, "fields": fields, "operator": "or", "minimum_should_match": "2<70%"}
    misspelt = {
        "query": text,
        "fields": fields,
        "fuzziness": "AUTO",
        "prefix_length": 1,
        "max_expansions": 50,
        "operator": "and",
        "boost": FUZZY_BOOST,
    }
    return [{"combined_fields": together}, {"multi_match": misspelt}]


def _text_fields(scope: Scope) -> list[str]:
    return ["name^3", *(TEXT_FIELDS[name] for name in scope.search_fields)]


def _highlight(scope: Scope, text: str) -> dict[str, Any]:
    fields = [field.partition("^")[0] for field in _text_fields(scope)]
    match = {"query": text, "fields": fields, "fuzziness": "AUTO", "prefix_length": 1}
    return {
        "pre_tags": [""],
        "post_tags": [""],
        "fragment_size": 80,
        "number_of_fragments": 1,
        "highlight_query": {"multi_match": match},
        "fields": {field: {} for field in fields},
    }


def _chosen(scope: Scope, choices: Choices, today: date) -> dict[str, dict[str, Any]]:
    """One clause for each facet that the searcher narrowed, by its name."""
    clauses: dict[str, dict[str, Any]] = {}
    if choices.unit:
        either = [{"terms": {"units": choices.unit}}, {"terms": {"unit_ids": choices.unit}}]
        clauses["unit"] = {"bool": {"should": either, "minimum_should_match": 1}}
    for name in ("location", "language"):
        if values := getattr(choices, name):
            clauses[name] = {"terms": {FACET_FIELDS[name]: values}}
    if choices.skill:
        clauses["skill"] = _has_skill(choices)
    if choices.job_level_min is not None or choices.job_level_max is not None:
        clauses["job_level"] = {"range": {"job_level": {"gte": choices.job_level_min, "lte": choices.job_level_max}}}
    if choices.available_only:
        clauses["available"] = _available(scope, today)
    return clauses


def _has_skill(choices: Choices) -> dict[str, Any]:
    having: list[dict[str, Any]] = [{"terms": {"skills.skill_id": [str(skill_id) for skill_id in choices.skill]}}]
    if choices.level_min is not None:
        having.append({"range": {"skills.level": {"gte": choices.level_min}}})
    return {"nested": {"path": "skills", "query": {"bool": {"filter": having}}}}


def _available(scope: Scope, today: date) -> dict[str, Any]:
    """Can take a request in this program today. Slots of another month are untouched; who never said anything can."""
    this_month = {"term": {"month": f"{today:%Y-%m}"}}
    used_up = [this_month, {"term": {"slots_left": 0}}]
    used_up_here = [this_month, {"range": {"slots_used": {"gte": scope.sessions_a_month}}}]
    unavailable = [
        {"term": {"silent": True}},
        {"term": {"away": today.isoformat()}},
        {"bool": {"filter": used_up_here}},
        {"range": {"paused_until": {"gt": today.isoformat()}}},
        {"term": {"capacity": 0}},
        {"bool": {"filter": used_up}},
        _paused(scope, today),
    ]
    return {"bool": {"must_not": unavailable}}


def _paused(scope: Scope, today: date) -> dict[str, Any]:
    """Rests as a mentor of this program."""
    here = {"term": {"pauses.program_id": str(scope.program_id)}}
    resting = {"range": {"pauses.until": {"gt": today.isoformat()}}}
    return {"nested": {"path": "pauses", "ignore_unmapped": True, "query": {"bool": {"filter": [here, resting]}}}}


def _facet(name: str, chosen: dict[str, dict[str, Any]]) -> dict[str, Any]:
    others = _all(clause for other, clause in chosen.items() if other != name)
    terms = {"field": FACET_FIELDS[name], "size": FACET_VALUES, "order": [{"_count": "desc"}, {"_key": "asc"}]}
    return {"filter": others, "aggs": {"values": {"terms": terms}}}


def _all(clauses: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"filter": list(clauses)}}
