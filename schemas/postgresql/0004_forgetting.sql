-- Users who are being forgotten, until none of their raw events that have been counted has their id. Meanwhile events that
-- still have it are counted as those of the token.
CREATE TABLE forgetting (
  source text COLLATE "C" NOT NULL,
  -- What the visitor was known by.
  user_hash bytea NOT NULL CHECK (octet_length(user_hash) = 16),
  -- The random text that takes the userId's place.
  token text COLLATE "C" NOT NULL,
  PRIMARY KEY (source, user_hash)
);

-- How many users have been forgotten: whoever read raw events before the last of them reads them again.
ALTER TABLE rollup_state ADD COLUMN forgotten bigint NOT NULL DEFAULT 0;
