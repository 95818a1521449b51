"""What the session service answers to the two whom a session concerns, by subject."""

from session_service.answers.availability import AvailabilityAnswer as AvailabilityAnswer
from session_service.answers.calendars import CalendarAnswer as CalendarAnswer
from session_service.answers.calendars import SlotsAnswer as SlotsAnswer
from session_service.answers.conversation import MessageAnswer as MessageAnswer
from session_service.answers.conversation import MessagePage as MessagePage
from session_service.answers.follow_up import RelationshipItem as RelationshipItem
from session_service.answers.follow_up import RelationshipPage as RelationshipPage
from session_service.answers.outcome import StatementsAnswer as StatementsAnswer
from session_service.answers.sessions import SessionAnswer as SessionAnswer
from session_service.answers.sessions import SessionPage as SessionPage
from session_service.answers.surveys import QuestionResult as QuestionResult
from session_service.answers.surveys import SurveyAnswer as SurveyAnswer
from session_service.answers.surveys import SurveyResults as SurveyResults
from session_service.answers.surveys import TapsAnswer as TapsAnswer
