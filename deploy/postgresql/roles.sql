-- Least-privilege roles for the rollups. Run once by a superuser, in the database that the rollups are to be in, before
-- `tributary provision`; again after a change of this file. Changes nothing that is right already.
--
--   psql -v ON_ERROR_STOP=1 -f deploy/postgresql/roles.sql "$DATABASE"
--   ALTER ROLE tributary_aggregator PASSWORD '…';    -- and of the two others: they are made without one
--
--   tributary_owner        `provision`: makes and owns the tables; nothing else runs as this role
--   tributary_aggregator   `aggregator`, `verify`, `rebuild`: reads and writes rows, changes no table
--   tributary_dashboard    `dashboard-api`: reads
SELECT format('CREATE ROLE %I LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE', name)
  FROM unnest(ARRAY['tributary_owner', 'tributary_aggregator', 'tributary_dashboard']) AS wanted (name)
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO tributary_owner, tributary_aggregator, tributary_dashboard',
  current_database()) \gexec
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE, USAGE ON SCHEMA public TO tributary_owner;
GRANT USAGE ON SCHEMA public TO tributary_aggregator, tributary_dashboard;

-- Tables that are there, and those that later versions will make.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tributary_aggregator;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO tributary_dashboard;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tributary_aggregator;
ALTER DEFAULT PRIVILEGES FOR ROLE tributary_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tributary_aggregator;
ALTER DEFAULT PRIVILEGES FOR ROLE tributary_owner IN SCHEMA public
  GRANT SELECT ON TABLES TO tributary_dashboard;
ALTER DEFAULT PRIVILEGES FOR ROLE tributary_owner IN SCHEMA public
  GRANT USAGE ON SEQUENCES TO tributary_aggregator;

-- Hashes of users are the aggregator's business alone, and so is the record of what has been applied: nobody else
-- writes to it.
SELECT 'REVOKE ALL ON visitor, visitor_counter FROM tributary_dashboard' WHERE to_regclass('public.visitor') IS NOT NULL
\gexec
SELECT 'REVOKE INSERT, UPDATE, DELETE ON schema_migration FROM tributary_aggregator'
  WHERE to_regclass('public.schema_migration') IS NOT NULL \gexec
