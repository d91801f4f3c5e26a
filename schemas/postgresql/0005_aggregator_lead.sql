-- Which aggregator does the work, and until when unless it says so again. Not logged: after a crash of the server anybody may.
CREATE UNLOGGED TABLE aggregator_lead (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  holder text COLLATE "C" NOT NULL,
  until timestamptz NOT NULL
);
