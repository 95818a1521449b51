"""Step 3 of the write path: the rules of the profile service, pure, by subject."""

from profile_service.model.orders import Order as Order
from profile_service.model.orders import Orders as Orders
from profile_service.model.organisation import Organisation as Organisation
from profile_service.model.organisation import Unit as Unit
from profile_service.model.people import Declared as Declared
from profile_service.model.people import Person as Person
from profile_service.model.people import check_skills as check_skills
from profile_service.model.people import chosen as chosen
from profile_service.model.people import declared_anew as declared_anew
from profile_service.model.programs import ALL_ROLES as ALL_ROLES
from profile_service.model.programs import RATIO_METRICS as RATIO_METRICS
from profile_service.model.programs import Program as Program
from profile_service.model.programs import ProgramBody as ProgramBody
from profile_service.model.programs import eligible as eligible
from profile_service.model.programs import placed as placed
from profile_service.model.skills import VocabularySkill as VocabularySkill
from profile_service.model.skills import normalised as normalised
from profile_service.model.versions import check_version as check_version
from profile_service.model.visibility import shown_fields as shown_fields
