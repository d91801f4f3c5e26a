-- How many visitors of a source were first seen on a day. Changes in the transaction that adds visitors or lowers
-- first days, so that a question about new visitors need not count the visitors themselves.
CREATE TABLE new_visitors (
  day date NOT NULL,
  visitors bigint NOT NULL,
  source text COLLATE "C" NOT NULL,
  PRIMARY KEY (source, day)
);
INSERT INTO new_visitors (day, visitors, source) SELECT first_day, count(*), source FROM visitor GROUP BY 1, 3;
