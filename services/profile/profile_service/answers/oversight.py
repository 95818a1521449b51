"""What owners, auditors and the works council are answered about a program."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.http import Answer
from flash_schemas.profile import EligibilityRule, SearchField, SearchFields, Visibility

from profile_service import model
from profile_service.model import Program
from profile_service.store import ProgramVersion

VIEWERS = {
    "participants": "Who takes part sees the others with the shown fields, by search and by profile.",
    "owners": "Owners see participants as these see each other, also without taking part.",
}


class FieldItem(Answer):
    """What can be done with a field; in one that is not shown words may be found, but are not quoted."""

    field: SearchField
    shown: bool
    searched: bool
    filtered: bool
    hidden_by_its_owner: bool


class PersonalFieldItem(Answer):
    """A field that is shown in every program, as far as each person lets it be; who sees it for each of the choices."""

    field: str
    searched: bool
    seen_by: dict[Visibility, str]


class FieldsVersion(Answer):
    """Which fields were offered since a version of the program."""

    version: int
    changed_at: datetime
    changed_by: UUID | None
    search_fields: SearchFields


class ParticipantCounts(Answer):
    """How many people take part; null for 1 to 4, and `paused` counts those who rest in a role at present."""

    people: int | None
    learners: int | None
    mentors: int | None
    paused: int | None


class VisibilityAnswer(Answer):
    """Who can see what of whom in a program, and why: it lies in the rule, in the fields, and with each person."""

    program_id: UUID
    version: int
    participants: ParticipantCounts
    takes_part: EligibilityRule
    viewers: dict[str, str]
    always_shown: tuple[str, ...]
    fields: list[FieldItem]
    personal_fields: list[PersonalFieldItem]
    never_shown: tuple[str, ...]
    fields_history: list[FieldsVersion]

    @classmethod
    def of(cls, program: Program, counts: Mapping[str, int], versions: Sequence[ProgramVersion]) -> "VisibilityAnswer":
        """The program as it is, with its newest versions in which the fields changed."""
        return cls(
            program_id=program.program_id,
            version=program.version,
            participants=ParticipantCounts(**{name: model.shown_count(count) for name, count in counts.items()}),
            takes_part=program.body.eligibility,
            viewers=VIEWERS,
            always_shown=model.ALWAYS_SHOWN,
            fields=[FieldItem.model_validate(use) for use in model.field_uses(program)],
            personal_fields=[PersonalFieldItem.model_validate(use) for use in model.personal_uses()],
            never_shown=model.NEVER_SHOWN,
            fields_history=_history(versions),
        )


def _history(newest_first: Sequence[ProgramVersion]) -> list[FieldsVersion]:
    history: list[FieldsVersion] = []
    for version in reversed(newest_first):
        if not history or history[0].search_fields != version.body.search_fields:
            about = {name: getattr(version, name) for name in ("version", "changed_at", "changed_by")}
            history.insert(0, FieldsVersion(**about, search_fields=version.body.search_fields))
    return history
