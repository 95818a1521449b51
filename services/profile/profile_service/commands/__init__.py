"""Step 2 of the write path: each use case of the profile service, one function and one transaction each, by subject."""

from profile_service.commands.erasure import erase_again as erase_again
from profile_service.commands.erasure import erase_leaver as erase_leaver
from profile_service.commands.erasure import request_erasure as request_erasure
from profile_service.commands.hr import push_org_events as push_org_events
from profile_service.commands.people import choose_roles as choose_roles
from profile_service.commands.people import confirm_skills as confirm_skills
from profile_service.commands.people import edit_profile as edit_profile
from profile_service.commands.people import patch_profile as patch_profile
from profile_service.commands.photos import delete_photo as delete_photo
from profile_service.commands.photos import put_photo as put_photo
from profile_service.commands.programs import create_program as create_program
from profile_service.commands.programs import edit_program as edit_program
from profile_service.commands.skills import create_skill as create_skill
from profile_service.commands.skills import edit_skill as edit_skill
from profile_service.commands.skills import keep_skill as keep_skill
from profile_service.commands.suggestions import accept_suggestion as accept_suggestion
from profile_service.commands.suggestions import dismiss_suggestion as dismiss_suggestion
from profile_service.commands.suggestions import suggestions as suggestions
