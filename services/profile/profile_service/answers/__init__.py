"""What the profile service answers, by subject."""

from profile_service.answers.erasure import ErasureAnswer as ErasureAnswer
from profile_service.answers.export import ProfileExport as ProfileExport
from profile_service.answers.hr import EmployeeAnswer as EmployeeAnswer
from profile_service.answers.hr import EventResult as EventResult
from profile_service.answers.hr import PushAnswer as PushAnswer
from profile_service.answers.people import FieldSource as FieldSource
from profile_service.answers.people import LabelledSkill as LabelledSkill
from profile_service.answers.people import OwnProfile as OwnProfile
from profile_service.answers.people import OwnSkill as OwnSkill
from profile_service.answers.people import PersonAnswer as PersonAnswer
from profile_service.answers.people import Reminder as Reminder
from profile_service.answers.photos import PhotoAnswer as PhotoAnswer
from profile_service.answers.programs import ProgramAnswer as ProgramAnswer
from profile_service.answers.programs import ProgramItem as ProgramItem
from profile_service.answers.programs import ProgramPage as ProgramPage
from profile_service.answers.programs import ProgressAnswer as ProgressAnswer
from profile_service.answers.programs import UnitItem as UnitItem
from profile_service.answers.programs import UnitPage as UnitPage
from profile_service.answers.skills import SkillAnswer as SkillAnswer
from profile_service.answers.skills import SkillPage as SkillPage
from profile_service.answers.suggestions import SuggestionItem as SuggestionItem
from profile_service.answers.suggestions import Suggestions as Suggestions
