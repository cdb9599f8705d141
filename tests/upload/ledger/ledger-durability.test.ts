import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, existsSync } from "node:fs";
import fc from "fast-check";
import { Ledger } from "../../../src/upload/ledger/ledger.ts";
import { nextTurn } from "../../../src/lib/wait.ts";
import { lookUp } from "../../support/upload/file-page.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { checksumOf, statesIn, uploadStore } from "../../support/upload/upload-store.ts";
import { fileOf } from "../../support/upload/work.ts";

const [A, B] = [checksumOf("a"), checksumOf("b")];
const CV = fileOf("a.pdf");

function content(checksum: string): { checksum: string; path: string } {
  return { checksum, path: `/cvs/${checksum.slice(0, 4)}.pdf` };
}

test("a disk that is full rejects what waits and is told once; what was committed before stays", async () => {
  using folder = tempFolder();
  const broken: unknown[] = [];
  using opened = await uploadStore(folder, { onBroken: (error) => broken.push(error) });
  const { ledger, store } = opened;
  await ledger.sending([content(A)]);
  store.db.run(
    `PRAGMA max_page_count = ${store.db.query<{ n: number }, []>("SELECT page_count AS n FROM pragma_page_count").get()?.n}`,
  );
  const many = Array.from({ length: 400 }, (_, index) => content(checksumOf(`many ${index}`)));
  const waiting = await Promise.allSettled([ledger.sending([content(B)]), ledger.sending(many)]);
  expect(waiting.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(String(waiting[1]?.status === "rejected" && waiting[1].reason)).toContain("full");
  expect(broken.length).toBe(1);
  expect(opened.states()).toEqual({ [A]: "sending" });
  expect(store.db.inTransaction).toBe(false);
});

test("a commit that fails is told by onBroken and rejects what waits for it; the next one goes on", async () => {
  using folder = tempFolder();
  const broken: unknown[] = [];
  using opened = await uploadStore(folder, { onBroken: (error) => broken.push(error) });
  const { ledger, store } = opened;
  // A breach that is only looked at when the transaction ends.
  store.db.run("CREATE TABLE breach (id INTEGER REFERENCES destination (id) DEFERRABLE INITIALLY DEFERRED)");
  store.db.run("CREATE TRIGGER breaks AFTER INSERT ON content BEGIN INSERT INTO breach VALUES (99); END");
  const waiting = Promise.allSettled([ledger.sending([content(A)])]);
  expect(await waiting).toEqual([
    { status: "rejected", reason: expect.objectContaining({ code: "SQLITE_CONSTRAINT_FOREIGNKEY" }) },
  ]);
  expect(broken).toEqual([expect.objectContaining({ code: "SQLITE_CONSTRAINT_FOREIGNKEY" })]);
  expect([opened.states(), store.db.inTransaction]).toEqual([{}, false]);
  store.db.run("DROP TRIGGER breaks");
  await ledger.sending([content(B)]);
  expect(opened.states()).toEqual({ [B]: "sending" });
});

test("a store that another process holds locked rejects what is to be sent, and keeps checksums for later", async () => {
  using folder = tempFolder();
  const broken: unknown[] = [];
  using opened = await uploadStore(folder, { onBroken: (error) => broken.push(error) });
  const { ledger } = opened;
  ledger.remember(CV, A, 1_000);
  using other = new Database(folder.file("store.db"));
  other.run("BEGIN EXCLUSIVE");
  const busy = expect.objectContaining({ code: expect.stringContaining("SQLITE_BUSY") });
  const [sending] = await Promise.allSettled([ledger.sending([content(A)])]);
  expect([sending, broken]).toEqual([{ status: "rejected", reason: busy }, [busy]]);
  ledger.done(content(A), "upload");
  // Whoever asks for the commit is told of its failure.
  expect(() => ledger.flush()).toThrow("locked");
  expect(broken.length).toBe(1);
  other.run("ROLLBACK");
  await ledger.sending([content(B)]);
  expect(opened.states()).toEqual({ [B]: "sending" });
  ledger.flush();
  expect(lookUp(ledger, [CV])).toEqual([{ type: "hashed", checksum: A }]);
});

/** What a kill at this moment leaves: the files as they are on the disk, opened by the next process. */
function statesAfterKill(folder: TempFolder): Record<string, string> {
  using left = tempFolder();
  for (const end of ["", "-wal"])
    if (existsSync(folder.file(`store.db${end}`)))
      copyFileSync(folder.file(`store.db${end}`), left.file(`store.db${end}`));
  using db = new Database(left.file("store.db"));
  const states = statesIn(db);
  const next = new Ledger(db, { destinationId: 1, runId: 99 });
  const told = Object.keys(states).map((checksum) => [checksum, next.content(checksum)?.state ?? ""]);
  expect(Object.fromEntries(told)).toEqual(states);
  return states;
}

const STEPS = [
  "sending",
  "done",
  "pending",
  "failed",
  "renew",
  "seen",
  "unseen",
  "hurry",
  "flush",
  "turn",
  "wait",
] as const;

test("killed at any step, what had resolved as sending and was not settled since is sending; nothing else is made up", async () => {
  const step = fc.record({ type: fc.constantFrom(...STEPS), at: fc.nat(2) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      using folder = tempFolder();
      using opened = await uploadStore(folder);
      const { ledger } = opened;
      const contents = ["a", "b", "c"].map(checksumOf).map((checksum) => ({
        checksum,
        path: null,
        // All that its row has been told, and from where on the disk must have it.
        history: ["absent"],
        kept: 0,
      }));
      const sendings: Promise<void>[] = [];
      const keepAll = (): void => {
        for (const each of contents) each.kept = each.history.length - 1;
      };
      for (const { type, at } of steps) {
        const one = contents[at];
        if (one === undefined) continue;
        const wasSending = one.history.at(-1) === "sending";
        if (type === "sending") {
          // Several go together, as in a batch.
          const unit = [one, contents[(at + 1) % 3] ?? one];
          for (const each of unit) each.history.push("sending");
          const marks = unit.map((each) => each.history.length - 1);
          const keep = (): void =>
            unit.forEach((each, index) => (each.kept = Math.max(each.kept, marks[index] ?? 0)));
          sendings.push(ledger.sending(unit).then(keep));
        } else if (type === "done") {
          one.history.push("done");
          ledger.done(one, wasSending ? "upload" : "server");
        } else if (type === "pending" || type === "failed") {
          one.history.push(type);
          ledger[type](one, { status: 500, reason: "no" });
        } else if (type === "renew") ledger.renew([one.checksum]);
        else if (type === "seen" || type === "unseen") ledger[type](one.checksum);
        else if (type === "hurry") ledger.hurry();
        else if (type === "flush") {
          ledger.flush();
          keepAll();
        } else if (type === "turn") await nextTurn();
        else await Promise.all(sendings);
        const standing = ledger.content(one.checksum)?.state ?? "absent";
        expect(standing).toBe(one.history.at(-1) ?? "");
        const states = statesAfterKill(folder);
        for (const { checksum, history, kept } of contents)
          expect(history.slice(kept)).toContain(states[checksum] ?? "absent");
      }
      ledger.flush();
      await Promise.all(sendings);
      const last = contents.filter(({ history }) => history.length > 1);
      expect(statesAfterKill(folder)).toEqual(
        Object.fromEntries(last.map(({ checksum, history }) => [checksum, history.at(-1) ?? ""])),
      );
    }),
    { numRuns: 25 },
  );
});
