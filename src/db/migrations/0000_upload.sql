CREATE TABLE destination (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  batch_refused_until_ms INTEGER
) STRICT;

CREATE TABLE upload_run (
  id INTEGER PRIMARY KEY,
  destination_id INTEGER NOT NULL REFERENCES destination (id),
  pid INTEGER NOT NULL,
  folder TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  result TEXT
) STRICT;

CREATE TABLE content (
  destination_id INTEGER NOT NULL REFERENCES destination (id),
  checksum TEXT NOT NULL CHECK (length(checksum) = 64),
  state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'done', 'failed')),
  via TEXT CHECK (via IN ('upload', 'server', 'import')),
  path TEXT,
  sent_at_ms INTEGER,
  run_id INTEGER,
  status INTEGER,
  reason TEXT,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (destination_id, checksum)
) STRICT, WITHOUT ROWID;

-- Few rows are anything but done: the index holds those alone.
CREATE INDEX content_by_state ON content (destination_id, state) WHERE state <> 'done';

-- mtime and inode of some file systems do not fit 63 bits, hence ANY.
CREATE TABLE hashed_file (
  path TEXT NOT NULL PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  mtime_us ANY NOT NULL,
  inode ANY NOT NULL,
  checksum TEXT NOT NULL
) STRICT, WITHOUT ROWID;
