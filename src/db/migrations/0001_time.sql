-- Time: servers and their health, resolved names, what each run measured, samples of the raw clock.
CREATE TABLE time_names (
  host text PRIMARY KEY NOT NULL,
  addresses text NOT NULL,
  ttl_ms real NOT NULL,
  resolved_at_ms integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE time_runs (
  id integer PRIMARY KEY NOT NULL,
  started_at_ms integer NOT NULL,
  true_at_ms integer,
  source text,
  server text,
  offset_s real,
  error_bound_s real,
  delay_s real,
  drift_ppm real,
  action text NOT NULL,
  servers_asked integer NOT NULL,
  servers_answered integer NOT NULL,
  queries integer NOT NULL,
  successes integer NOT NULL,
  timeouts integer NOT NULL,
  rejected text NOT NULL,
  dns_hits integer NOT NULL,
  dns_misses integer NOT NULL,
  fell_back integer NOT NULL,
  duration_ms real NOT NULL
) STRICT;

CREATE INDEX time_runs_good ON time_runs (true_at_ms) WHERE true_at_ms IS NOT NULL;

CREATE TABLE time_samples (
  id integer PRIMARY KEY NOT NULL,
  epoch text NOT NULL,
  raw_ns integer NOT NULL,
  offset_raw_ns integer NOT NULL,
  error_ns integer NOT NULL
) STRICT;

CREATE INDEX time_samples_by_epoch ON time_samples (epoch,raw_ns);

CREATE TABLE time_servers (
  key text PRIMARY KEY NOT NULL,
  host text NOT NULL,
  queries integer NOT NULL,
  answers integer NOT NULL,
  failures_in_row integer NOT NULL,
  delay_ms real,
  last_success_ms integer,
  last_failure_ms integer,
  last_reason text
) STRICT, WITHOUT ROWID;
