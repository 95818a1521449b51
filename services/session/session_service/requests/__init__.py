"""Step 1 of the write path: the bodies that the session service takes, by subject."""

from session_service.requests.answering import AcceptBody as AcceptBody
from session_service.requests.answering import AgreementBody as AgreementBody
from session_service.requests.answering import DeclineBody as DeclineBody
from session_service.requests.answering import InformationBody as InformationBody
from session_service.requests.answering import ProposalBody as ProposalBody
from session_service.requests.asking import AskBody as AskBody
from session_service.requests.asking import CardBody as CardBody
from session_service.requests.asking import DraftBody as DraftBody
from session_service.requests.asking import FormalGoal as FormalGoal
from session_service.requests.availability import AvailabilityBody as AvailabilityBody
from session_service.requests.calendars import CalendarBody as CalendarBody
from session_service.requests.conversation import EditBody as EditBody
from session_service.requests.conversation import MessageBody as MessageBody
from session_service.requests.conversation import ReadBody as ReadBody
from session_service.requests.follow_up import WishBody as WishBody
from session_service.requests.meeting import CancelBody as CancelBody
from session_service.requests.meeting import HeldBody as HeldBody
from session_service.requests.meeting import PlaceBody as PlaceBody
from session_service.requests.meeting import ScheduleBody as ScheduleBody
from session_service.requests.reports import DecisionBody as DecisionBody
from session_service.requests.reports import ReportBody as ReportBody
from session_service.requests.surveys import FollowUpBody as FollowUpBody
from session_service.requests.surveys import SurveyBody as SurveyBody
