"""The profile service: people, the organisation, the skill vocabulary, programs, and who takes part in them."""
