"""What a person is answered who asks for their data."""

from datetime import UTC, datetime
from typing import Any

from chassis.export import Export

from profile_service.answers.people import OwnProfile
from profile_service.model import Choice, Person

ABOUT = (
    "What HR says of you and what you say of yourself. The other parts of the platform answer for themselves; their "
    "addresses are listed below."
)
ELSEWHERE = ("/api/v1/me/sessions/export", "/api/v1/me/searches/export", "/api/v1/me/figures/export")


class ProfileExport(Export):
    """Everything that the profile service keeps of a person."""

    employee_number: str
    profile: OwnProfile
    photo: str | None
    skills_dismissed: list[str]
    chosen_roles: dict[str, Choice]
    programs_owned: list[str]
    user_of_directory: dict[str, Any] | None
    elsewhere: tuple[str, ...] = ELSEWHERE

    @classmethod
    def of_person(
        cls, person: Person, profile: OwnProfile, owned: list[str], unwanted: list[str], user: dict[str, Any] | None
    ) -> "ProfileExport":
        """All of it: names of `owned` programs and `unwanted` suggestions, `user` as HR's directory has it."""
        return cls(
            service="profile",
            about=ABOUT,
            person_id=person.person_id,
            exported_at=datetime.now(UTC),
            employee_number=person.employee_number,
            profile=profile,
            photo="/api/v1/me/photo" if person.photo_version is not None else None,
            skills_dismissed=unwanted,
            chosen_roles=dict(person.choices),
            programs_owned=owned,
            user_of_directory=user,
        )
