"""Step 2 of the write path: each use case of the session service, one function and one transaction each, by subject."""

from session_service.commands.answering import accept as accept
from session_service.commands.answering import answer as answer
from session_service.commands.asking import ask as ask
from session_service.commands.availability import read_availability as read_availability
from session_service.commands.availability import set_availability as set_availability
from session_service.commands.blocks import block as block
from session_service.commands.blocks import say_blocks_again as say_blocks_again
from session_service.commands.blocks import unblock as unblock
from session_service.commands.closing import close_departed as close_departed
from session_service.commands.closing import expire_some as expire_some
from session_service.commands.conversation import edit as edit
from session_service.commands.conversation import mark_read as mark_read
from session_service.commands.conversation import send as send
from session_service.commands.follow_up import answer_survey as answer_survey
from session_service.commands.follow_up import wish as wish
from session_service.commands.meeting import hold as hold
from session_service.commands.meeting import schedule as schedule
from session_service.commands.reporting import decide as decide
from session_service.commands.reporting import open_report as open_report
from session_service.commands.reporting import report as report
from session_service.commands.sealing import rewrap as rewrap
from session_service.commands.sealing import seal_some as seal_some
from session_service.commands.steps import Repeatable as Repeatable
from session_service.commands.steps import take_step as take_step
