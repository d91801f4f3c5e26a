-- By which offsets days and weeks were cut: a digest of those of the time zone from 1970 to 2100. NULL: not known yet.
ALTER TABLE rollup_state ADD COLUMN zone_rules text COLLATE "C";
