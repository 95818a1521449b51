"""Step 2 of the write path: each use case of the profile service, one function and one transaction each, by subject."""

from profile_service.commands.erasure import erase_again as erase_again
from profile_service.commands.erasure import erase_leaver as erase_leaver
from profile_service.commands.erasure import request_erasure as request_erasure
from profile_service.commands.hr import apply_hr_events as apply_hr_events
from profile_service.commands.hr import push_org_events as push_org_events
from profile_service.commands.importing import import_entries as import_entries
from profile_service.commands.importing import try_entries as try_entries
from profile_service.commands.people import choose_roles as choose_roles
from profile_service.commands.people import edit_profile as edit_profile
from profile_service.commands.programs import add_owner as add_owner
from profile_service.commands.programs import archive as archive
from profile_service.commands.programs import change_program as change_program
from profile_service.commands.programs import check_units as check_units
from profile_service.commands.programs import clone as clone
from profile_service.commands.programs import create_program as create_program
from profile_service.commands.programs import keep_program as keep_program
from profile_service.commands.programs import roll_over as roll_over
from profile_service.commands.skills import create_skill as create_skill
from profile_service.commands.skills import edit_skill as edit_skill
from profile_service.commands.webhooks import add_webhook_client as add_webhook_client
from profile_service.commands.webhooks import push_delivery as push_delivery
from profile_service.commands.webhooks import revoke_webhook_client as revoke_webhook_client
from profile_service.commands.webhooks import rotate_secret as rotate_secret
