-- Words of names with the signs that were dropped from them, as of kana and Hindi: words are searched with these signs,
-- and by them it is seen that a searched word is a name. As near as the database gets to what the next profile says.

-- migrate:up
UPDATE person SET name_words = name_words || regexp_split_to_array(
    normalize(lower(profile ->> 'name'), NFKC), '[[:space:][:punct:]]+')
WHERE profile ->> 'name' ~ '[\u0900-\uffff]';

-- migrate:down
-- More words of a name do no harm: fewer searched words are kept.
