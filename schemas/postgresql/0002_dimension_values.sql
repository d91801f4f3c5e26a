-- Which values of a dimension have rows of their own, by ISO week: the first that came, up to a limit. All others are
-- counted under "(other)". Kept, so that counting the same events again gives the same rows.
CREATE TABLE dimension_value (
  -- The week's Monday, in the reporting time zone.
  week date NOT NULL,
  source text COLLATE "C" NOT NULL,
  dimension text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX dimension_value_key ON dimension_value (source, dimension, week, index_key(value));
