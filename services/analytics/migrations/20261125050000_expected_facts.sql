-- What the topics tell, put beside the facts by `reconcile` to be compared; empty or left over otherwise.

-- migrate:up
CREATE UNLOGGED TABLE expected_session_fact (LIKE session_fact INCLUDING ALL);
CREATE UNLOGGED TABLE expected_survey_fact (LIKE survey_fact INCLUDING ALL);
CREATE UNLOGGED TABLE expected_pair_fact (LIKE pair_fact INCLUDING ALL);
CREATE UNLOGGED TABLE expected_message_fact (LIKE message_fact INCLUDING ALL);
CREATE UNLOGGED TABLE expected_search_fact (LIKE search_fact INCLUDING ALL);
CREATE UNLOGGED TABLE expected_person_unit (LIKE person_unit INCLUDING ALL);

-- migrate:down
DROP TABLE expected_session_fact, expected_survey_fact, expected_pair_fact, expected_message_fact,
    expected_search_fact, expected_person_unit;
