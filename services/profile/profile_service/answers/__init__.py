"""What the profile service answers, by subject."""

from profile_service.answers.audit import AuditItem as AuditItem
from profile_service.answers.audit import AuditPage as AuditPage
from profile_service.answers.erasure import ErasureAnswer as ErasureAnswer
from profile_service.answers.export import ProfileExport as ProfileExport
from profile_service.answers.hr import EmployeeAnswer as EmployeeAnswer
from profile_service.answers.hr import PassesAnswer as PassesAnswer
from profile_service.answers.hr import PushAnswer as PushAnswer
from profile_service.answers.hr import SnapshotAnswer as SnapshotAnswer
from profile_service.answers.hr import SnapshotsAnswer as SnapshotsAnswer
from profile_service.answers.oversight import VisibilityAnswer as VisibilityAnswer
from profile_service.answers.people import OwnProfile as OwnProfile
from profile_service.answers.people import PersonAnswer as PersonAnswer
from profile_service.answers.photos import PhotoAnswer as PhotoAnswer
from profile_service.answers.previews import PreviewAnswer as PreviewAnswer
from profile_service.answers.programs import ProgramAnswer as ProgramAnswer
from profile_service.answers.programs import ProgramItem as ProgramItem
from profile_service.answers.programs import ProgramPage as ProgramPage
from profile_service.answers.programs import ProgramVersionItem as ProgramVersionItem
from profile_service.answers.programs import ProgramVersionPage as ProgramVersionPage
from profile_service.answers.programs import UnitPage as UnitPage
from profile_service.answers.skills import SkillAnswer as SkillAnswer
from profile_service.answers.skills import SkillPage as SkillPage
from profile_service.answers.suggestions import SuggestionItem as SuggestionItem
from profile_service.answers.suggestions import Suggestions as Suggestions
