"""The search service: keeps an index of people current, and finds those who know what a learner asks for."""
