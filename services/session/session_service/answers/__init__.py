"""What the session service answers to the two whom a session concerns, by subject."""

from session_service.answers.asking import DraftAnswer as DraftAnswer
from session_service.answers.asking import DraftPage as DraftPage
from session_service.answers.asking import ExpectationAnswer as ExpectationAnswer
from session_service.answers.availability import AvailabilityAnswer as AvailabilityAnswer
from session_service.answers.availability import VacationItem as VacationItem
from session_service.answers.conversation import LinkAnswer as LinkAnswer
from session_service.answers.conversation import MessageAnswer as MessageAnswer
from session_service.answers.conversation import MessagePage as MessagePage
from session_service.answers.follow_up import RelationshipItem as RelationshipItem
from session_service.answers.follow_up import RelationshipPage as RelationshipPage
from session_service.answers.one_tap import OneTapAnswer as OneTapAnswer
from session_service.answers.open_calls import OpenCallAnswer as OpenCallAnswer
from session_service.answers.open_calls import OpenCallPage as OpenCallPage
from session_service.answers.outcome import StatementsAnswer as StatementsAnswer
from session_service.answers.sessions import SessionAnswer as SessionAnswer
from session_service.answers.sessions import SessionPage as SessionPage
from session_service.answers.surveys import QuestionResult as QuestionResult
from session_service.answers.surveys import SurveyAnswer as SurveyAnswer
from session_service.answers.surveys import SurveyResults as SurveyResults
from session_service.answers.surveys import TapsAnswer as TapsAnswer
