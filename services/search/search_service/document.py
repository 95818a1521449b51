"""What the index holds of a person, and how. Pure.

Skills are kept by id: their names live in the vocabulary, so a new name needs no new document. Fields that a person
shows to their unit only, or to nobody, are not in the index at all: nothing can leak from what is not there.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

TEXT = {"type": "text", "analyzer": "people"}
KEYWORD = {"type": "keyword"}
BY_WORDS = {"fields": {"text": TEXT}}
"""Beside its exact value, a field is searched by the words in it, as `field.text`."""
HIDDEN_FROM_ALL = "deleted"

SETTINGS = {
    "index": {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "refresh_interval": "1s",  # stated, or a shard idle for 30 s would stop refreshing
        "search.slowlog.threshold.query.warn": "200ms",
    },
    "analysis": {
        "filter": {
            "pairs": {"type": "cjk_bigram", "output_unigrams": True},
            "stems": {"type": "stemmer", "language": "light_english"},
        },
        "analyzer": {
            "people": {
                "tokenizer": "standard",
                "filter": ["cjk_width", "lowercase", "pairs", "asciifolding", "stems"],
            }
        },
    },
}
# A field's type never changes in a later release; what is kept in another way gets a new name. For while a new index is
# built, the live and the former one are taught this mapping too, and refuse another type for a field that they have.
MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "person_id": KEYWORD,
        HIDDEN_FROM_ALL: {"type": "boolean"},
        "programs": KEYWORD,
        "name": TEXT,
        "job_title": TEXT,
        "job_level": {"type": "integer", **BY_WORDS},
        "location": {**KEYWORD, **BY_WORDS},
        "unit_ids": KEYWORD,
        "units": KEYWORD,
        "unit_text": TEXT,
        "languages": {**KEYWORD, **BY_WORDS},
        "experience": TEXT,
        "bio": TEXT,
        "can_help_with": TEXT,
        "skill_ids": KEYWORD,
        "skills": {
            "type": "nested",
            "properties": {
                "skill_id": KEYWORD,
                "level": {"type": "integer"},
                "last_used": {"type": "date"},
                "confirmed_on": {"type": "date"},
            },
        },
        "pauses": {"type": "nested", "properties": {"program_id": KEYWORD, "until": {"type": "date"}}},
        "month": KEYWORD,
        "slots_left": {"type": "integer"},
        "capacity": {"type": "integer"},
        "paused_until": {"type": "date"},
        "answer_time_band": KEYWORD,
        "slots_used": {"type": "integer"},
        "away": {"type": "date_range"},
        "silent": {"type": "boolean"},
    },
}


def document(
    person_id: UUID,
    profile: Mapping[str, Any] | None,
    availability: Mapping[str, Any] | None,
    merged: Mapping[str, str],
) -> dict[str, Any]:
    """The document of a person; a bare tombstone for who left, is on leave, or is known by availability alone.

    `merged` maps skill ids to those that replace them.
    """
    if profile is None or profile["status"] != "active":
        return {"person_id": str(person_id), HIDDEN_FROM_ALL: True}
    return {
        "person_id": str(person_id),
        HIDDEN_FROM_ALL: False,
        **_participations(profile),
        **{name: profile[name] for name in ("name", "job_title", "job_level", "location")},
        **_place(profile),
        **_declared(profile),
        **_skills(profile, merged),
        **_availability(availability or {}),
    }


def _participations(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Where somebody is a mentor; with the day until which they rest there, so that nothing need happen on that day."""
    mentoring = [part for part in profile["participations"] if "mentor" in part["roles"]]
    until = {part["program_id"]: part.get("paused_until", {}).get("mentor") for part in mentoring}
    pauses = [{"program_id": program_id, "until": day} for program_id, day in until.items() if day]
    return {"programs": list(until), "pauses": pauses}


def _place(profile: Mapping[str, Any]) -> dict[str, Any]:
    names = [unit["name"] for unit in profile["unit_path"]]
    return {"unit_ids": [unit["unit_id"] for unit in profile["unit_path"]], "units": names, "unit_text": names}


def _declared(profile: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "languages": profile["languages"],
        "experience": [_experience(entry) for entry in profile["experience"]],
        "bio": profile["bio"],
        "can_help_with": profile["can_help_with"],
    }
    return {name: value for name, value in told.items() if _for_everyone(profile, name)}


def _for_everyone(profile: Mapping[str, Any], name: str) -> bool:
    visibility: str = profile["visibility"].get(name, "everyone")
    return visibility == "everyone"


def _experience(entry: Mapping[str, Any]) -> str:
    return " · ".join(filter(None, (entry["title"], entry["organisation"], entry["description"])))


def _skills(profile: Mapping[str, Any], merged: Mapping[str, str]) -> dict[str, Any]:
    """The best claim for each skill, merges followed; nothing of who does not show everyone what they know."""
    shown = profile["skills"] if _for_everyone(profile, "skills") else ()
    best: dict[str, dict[str, Any]] = {}
    for claim in sorted(shown, key=lambda claim: claim["level"]):
        skill_id = merged.get(claim["skill_id"], claim["skill_id"])
        best[skill_id] = {"skill_id": skill_id} | {
            name: claim[name] for name in ("level", "last_used", "confirmed_on") if claim[name] is not None
        }
    return {"skills": list(best.values()), "skill_ids": list(best)}


def _availability(availability: Mapping[str, Any]) -> dict[str, Any]:
    """With vacations as days, so that nothing need happen when one begins or ends."""
    names = ("month", "slots_left", "slots_used", "capacity", "paused_until", "answer_time_band", "silent")
    told = {name: availability[name] for name in names if availability.get(name) is not None}
    away = [{"gte": each["starts_on"], "lt": each["back_on"]} for each in availability.get("vacations", ())]
    return told | ({"away": away} if away else {})
