CREATE TABLE node (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL DEFAULT 0,
  newest_ms INTEGER,
  closed_before_ms INTEGER NOT NULL DEFAULT 0,
  open BLOB,
  race TEXT,
  lease_pid INTEGER,
  lease_mark TEXT
) STRICT;

CREATE TABLE satellite (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE event_block (
  id INTEGER PRIMARY KEY,
  node_id INTEGER NOT NULL REFERENCES node (id),
  from_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  events INTEGER NOT NULL,
  columns BLOB NOT NULL,
  keys BLOB NOT NULL
) STRICT;
CREATE INDEX event_block_time ON event_block (node_id, until_ms);

-- An ordinary rowid table: its blobs would make the inner pages of a WITHOUT ROWID tree wide.
-- `summary` stands before `cells`, so that a scan of the summaries never touches the cells' overflow pages.
CREATE TABLE rollup (
  node_id INTEGER NOT NULL REFERENCES node (id),
  tier INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  summary BLOB NOT NULL,
  cells BLOB NOT NULL,
  PRIMARY KEY (node_id, tier, start_ms)
) STRICT;

CREATE TABLE fact (
  id INTEGER PRIMARY KEY,
  node_id INTEGER NOT NULL REFERENCES node (id),
  time_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  satellite_id INTEGER NOT NULL,
  identity INTEGER NOT NULL,
  fields TEXT NOT NULL
) STRICT;
CREATE INDEX fact_identity ON fact (node_id, identity);
CREATE INDEX fact_time ON fact (node_id, type, time_ms);

CREATE TABLE log_file (
  id INTEGER PRIMARY KEY,
  node_id INTEGER NOT NULL REFERENCES node (id),
  head_bytes INTEGER NOT NULL,
  head_hash TEXT NOT NULL,
  offset_bytes INTEGER NOT NULL,
  tail_hash TEXT NOT NULL,
  known INTEGER NOT NULL,
  ignored INTEGER NOT NULL,
  malformed INTEGER NOT NULL,
  piecestore INTEGER NOT NULL,
  recent BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_file_head ON log_file (node_id, head_hash, head_bytes);

CREATE TABLE node_snapshot (
  node_id INTEGER NOT NULL REFERENCES node (id),
  taken_ms INTEGER NOT NULL,
  used_bytes REAL,
  total_bytes REAL,
  trash_bytes REAL,
  joined_ms INTEGER,
  audit_score REAL,
  suspension_score REAL,
  online_score REAL,
  payout_usd REAL,
  held_usd REAL,
  version TEXT,
  disqualified INTEGER,
  suspended INTEGER,
  PRIMARY KEY (node_id, taken_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE compare_cache (
  key TEXT PRIMARY KEY,
  nodes TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE compare_count (
  id INTEGER PRIMARY KEY,
  hits INTEGER NOT NULL,
  misses INTEGER NOT NULL
) STRICT;
