"""Step 1 of the write path: the bodies that the profile service takes, by subject."""

from profile_service.requests.erasure import ErasureOrder as ErasureOrder
from profile_service.requests.erasure import OwnErasure as OwnErasure
from profile_service.requests.hr import PUSH_BODY as PUSH_BODY
from profile_service.requests.hr import pushed_events as pushed_events
from profile_service.requests.people import MAX_SKILLS as MAX_SKILLS
from profile_service.requests.people import ProfileEdit as ProfileEdit
from profile_service.requests.people import RolesChoice as RolesChoice
from profile_service.requests.programs import NextPeriod as NextPeriod
from profile_service.requests.programs import PreviewRequest as PreviewRequest
from profile_service.requests.programs import ProgramEdit as ProgramEdit
from profile_service.requests.skills import SkillEdit as SkillEdit
from profile_service.requests.suggestions import Acceptance as Acceptance
