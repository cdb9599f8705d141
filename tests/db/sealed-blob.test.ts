import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { migrate } from "../../src/db/migrate.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { DamagedBlob, intact, openBlob, sealBlob, SEALED_COLUMNS } from "../../src/db/sealed-blob.ts";

test("a sealed blob can be opened, and any flipped bit or lost byte is detected", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
      const sealed = sealBlob(bytes);
      expect(openBlob(sealed)).toEqual(bytes);
      const flipped = sealed.slice();
      const place = at % flipped.length;
      flipped[place] = (flipped[place] ?? 0) ^ (1 << bit);
      expect(() => openBlob(flipped)).toThrow(DamagedBlob);
      expect(() => openBlob(new Uint8Array(0))).toThrow(DamagedBlob);
      expect(intact(() => openBlob(sealed.slice(0, place)))).toBe(null);
    }),
  );
});

/** The step that seals existing blobs. */
const STEP = MIGRATIONS.findIndex((sql) => sql.includes("then seal_blobs"));

test("the migration seals every blob of an older store exactly once", () => {
  using db = new Database(":memory:");
  migrate(db, "store", MIGRATIONS.slice(0, STEP));
  db.run("INSERT INTO node (id, name, open) VALUES (1, 'a', x'0102'), (2, 'b', NULL)");
  db.run(
    "INSERT INTO event_block (node_id, from_ms, until_ms, events, columns, keys) VALUES (1, 0, 1, 1, x'aa', x'bb')",
  );
  db.run(
    "INSERT INTO rollup (node_id, tier, start_ms, summary, cells) VALUES (1, 0, 0, x'01', x''), (1, 1, 0, x'02', x'03')",
  );
  db.run(
    "INSERT INTO log_file (node_id, head_bytes, head_hash, offset_bytes, tail_hash, known, ignored, malformed, piecestore, recent) VALUES (1, 1, 'h', 1, 't', 0, 0, 0, 0, x'0405')",
  );
  const opened = (): unknown[] =>
    Object.entries(SEALED_COLUMNS).flatMap(([table, columns]) =>
      columns.flatMap((column) =>
        db
          .query<{ blob: Uint8Array | null }, []>(`SELECT ${column} AS blob FROM ${table} ORDER BY rowid`)
          .all()
          .map(({ blob }) => (blob === null ? null : Buffer.from(openBlob(blob)).toString("hex"))),
      ),
    );
  migrate(db, "store", MIGRATIONS);
  const found = opened();
  expect(found).toEqual(["aa", "bb", "01", "02", "", "03", "0102", null, "0405"]);
  migrate(db, "store", MIGRATIONS);
  expect(opened()).toEqual(found);
});

test("every column of bytes is sealed or needs no seal", () => {
  using db = new Database(":memory:");
  migrate(db, "store", MIGRATIONS);
  const columns = db
    .query<{ name: string }, []>(
      `SELECT m.name || '.' || i.name AS name FROM sqlite_schema AS m, pragma_table_info(m.name) AS i
       WHERE m.type = 'table' AND lower(i.type) = 'blob' ORDER BY 1`,
    )
    .all()
    .map(({ name }) => name);
  const sealed = Object.entries(SEALED_COLUMNS).flatMap(([table, names]) =>
    names.map((name) => `${table}.${name}`),
  );
  expect(columns.filter((name) => !sealed.includes(name))).toEqual([
    "hashed_file.checksum",
    "hashed_page.digest",
    "time_nts.c2s",
    "time_nts.s2c",
    "time_nts_cookies.cookie",
  ]);
});
