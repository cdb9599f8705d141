import { expect, test } from "bun:test";
import type { ContentRow } from "../../../src/db/tables/upload.ts";
import { thisBoot } from "../../../src/upload/ledger/boot.ts";
import { Ledger } from "../../../src/upload/ledger/ledger.ts";
import type { FoundFile } from "../../../src/upload/scan/file-page.ts";
import { lookUp } from "../../support/upload/file-page.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { checksumOf, RUN_ID, uploadStore } from "../../support/upload/upload-store.ts";
import { fileOf } from "../../support/upload/work.ts";

const [A, B, C] = [checksumOf("a"), checksumOf("b"), checksumOf("c")];
const NO_REASON = { status: null, reason: null };
const BUSY = { status: 503, reason: "busy" };

function content(checksum: string): { checksum: string; path: string } {
  return { checksum, path: `/cvs/${checksum.slice(0, 4)}.pdf` };
}

function found(path: string): FoundFile {
  return fileOf(path, { path });
}

/** What a row says of a moment by the clock of these tests: the machine was booted when it stood at 0, and ticks ten times slower. */
function at(sentAtMs: number): Pick<ContentRow, "sentAtMs" | "sentUptimeMs" | "sentBoot"> {
  return { sentAtMs, sentUptimeMs: sentAtMs / 10, sentBoot: "machine/boot" };
}

test("a content's row at each step of its way", async () => {
  using folder = tempFolder();
  let nowMs = 1_000;
  const boot = { id: "machine/boot", uptimeMs: () => nowMs / 10 };
  using opened = await uploadStore(folder, { now: () => nowMs, boot });
  const { store, ledger, destinationId } = opened;
  const row = (): ContentRow | null => {
    ledger.flush();
    nowMs += 1_000;
    return store.db
      .query<ContentRow, []>(
        `SELECT destination_id AS destinationId, checksum, state, via, path, sent_at_ms AS sentAtMs,
           sent_uptime_ms AS sentUptimeMs, sent_boot AS sentBoot,
           run_id AS runId, status, reason, updated_at_ms AS updatedAtMs FROM content`,
      )
      .get();
  };
  const base = { destinationId, ...content(A), via: null, runId: RUN_ID, ...NO_REASON };
  expect(ledger.content(A)).toBeNull();

  void ledger.sending([content(A)]);
  expect(row()).toEqual({ ...base, state: "sending", ...at(1_000), updatedAtMs: 1_000 });
  ledger.renew([A, B]);
  expect(row()).toEqual({ ...base, state: "sending", ...at(2_000), updatedAtMs: 1_000 });
  ledger.pending(content(A), BUSY);
  // By the machine's own clock it is only told while it may matter: of what is on its way.
  const unsent = { ...at(2_000), sentUptimeMs: null, sentBoot: null };
  expect(row()).toEqual({ ...base, ...BUSY, state: "pending", ...unsent, updatedAtMs: 3_000 });
  // What is not on its way is not renewed.
  ledger.renew([A]);
  expect(row()).toMatchObject({ state: "pending", ...unsent });
  // From another file than before: the reason of the last time is gone.
  void ledger.sending([{ checksum: A, path: "/cvs/other.pdf" }]);
  const sent = { ...base, path: "/cvs/other.pdf", ...at(5_000) };
  expect(row()).toEqual({ ...sent, state: "sending", updatedAtMs: 5_000 });
  const moment = { sentUptimeMs: null, sentBoot: null };
  const other = { ...sent, ...moment };
  ledger.failed(content(A), { status: 422, reason: "no text" });
  expect(row()).toEqual({ ...other, state: "failed", status: 422, reason: "no text", updatedAtMs: 6_000 });
  ledger.done(content(A), "server");
  expect(row()).toEqual({ ...other, state: "done", via: "server", updatedAtMs: 7_000 });
  ledger.done(content(A), "upload");
  expect(row()).toEqual({ ...other, state: "done", via: "upload", updatedAtMs: 8_000 });
  expect(ledger.content(A)).toEqual({ state: "done", ...moment, runId: RUN_ID, ...NO_REASON });
  ledger.unseen(A);
  expect(ledger.content(A)).toMatchObject({ state: "done", runId: null });
  expect(row()).toEqual({ ...other, runId: null, state: "done", via: "upload", updatedAtMs: 8_000 });
  expect(ledger.content(B)).toBeNull();
});

test("what is not committed yet is known to the run, and locks nobody out", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { ledger, store } = opened;
  const standings = (): unknown[] => [A, B, C].map((checksum) => ledger.content(checksum));
  const sending = ledger.sending([content(A), content(B)]);
  ledger.done(content(B), "upload");
  ledger.pending(content(C), BUSY);
  ledger.unseen(C);
  const base = { sentUptimeMs: null, sentBoot: null, runId: RUN_ID, ...NO_REASON };
  const expected = [
    { ...base, sentUptimeMs: expect.any(Number), sentBoot: thisBoot().id, state: "sending" },
    { ...base, state: "done" },
    { ...base, ...BUSY, runId: null, state: "pending" },
  ];
  expect(standings()).toEqual(expected);
  expect([opened.states(), store.db.inTransaction]).toEqual([{}, false]);
  await sending;
  expect(standings()).toEqual(expected);
});

test("sending resolves only once its rows are on the disk", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { ledger } = opened;
  for (const checksums of [[A], [B, C]]) {
    const before = opened.states();
    let isResolved = false;
    const sending = ledger.sending(checksums.map(content)).then(() => {
      isResolved = true;
    });
    await Promise.resolve();
    expect([isResolved, opened.states()]).toEqual([false, before]);
    await sending;
    expect(opened.states()).toEqual({
      ...before,
      ...Object.fromEntries(checksums.map((checksum) => [checksum, "sending"])),
    });
  }
});

test("all that is written in one turn, and while the disk rests, shares one commit", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { ledger } = opened;
  for (const name of ["a", "c"]) ledger.remember(found(`/cvs/${name}.pdf`), checksumOf(name), 1_000);
  expect(await opened.commits()).toBe(0);
  const first = [ledger.sending([content(A)]), ledger.sending([content(B)])];
  ledger.done({ checksum: C, path: "/cvs/c.pdf" }, "server");
  ledger.seen(C);
  await Promise.all(first);
  expect(await opened.commits()).toBe(1);
  expect(opened.states()).toEqual({ [A]: "sending", [B]: "sending", [C]: "done" });
  // A checksum is written with what becomes of its content, or at the end.
  const files = ["a", "c"].map((name) => found(`/cvs/${name}.pdf`));
  expect(lookUp(ledger, files)).toEqual([null, { type: "done" }]);

  ledger.done({ checksum: A, path: "/cvs/a.pdf" }, "upload");
  await ledger.sending([content(B)]);
  expect(await opened.commits()).toBe(2);
  expect(lookUp(ledger, files)).toEqual([{ type: "done" }, { type: "done" }]);
  ledger.pending(content(B), BUSY);
  ledger.flush();
  expect(await opened.commits()).toBe(3);
  // Nothing to write is no commit.
  ledger.flush();
  expect(await opened.commits()).toBe(3);
});

test("whoever waits for a commit and hurries ends the disk's rest", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const { ledger } = opened;
  for (const [index, checksum] of [A, B, C].entries()) {
    const sending = ledger.sending([content(checksum)]);
    ledger.hurry();
    ledger.hurry();
    await sending;
    expect(await opened.commits()).toBe(index + 1);
  }
  // Where nothing waits there is nothing to hurry.
  ledger.hurry();
  expect(await opened.commits()).toBe(3);
});

test("checksums of files are kept back for a commit to share, 512 of them at most", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  const files = Array.from({ length: 512 }, (_, index) => found(`/cvs/${index}.pdf`));
  for (const file of files.slice(1)) opened.ledger.remember(file, A, 1_000);
  expect(lookUp(opened.ledger, files).filter((known) => known !== null)).toEqual([]);
  opened.ledger.remember(found("/cvs/0.pdf"), A, 1_000);
  expect(await opened.commits()).toBe(1);
  expect(lookUp(opened.ledger, files)).toEqual(files.map(() => ({ type: "hashed", checksum: A })));
});

test("strays are what an earlier run left in flight and this one has not come across", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder, { now: () => 5_000 });
  const { store, destinationId, ledger } = opened;
  const earlierBoot = { id: thisBoot().id, uptimeMs: () => thisBoot().uptimeMs() - 60_000 };
  const earlier = new Ledger(store.db, { destinationId, runId: RUN_ID - 1, boot: earlierBoot });
  const names = ["left", "done", "pending", "failed", "seen", "sent"];
  void earlier.sending(names.map((name) => content(checksumOf(name))));
  earlier.done(content(checksumOf("done")), "upload");
  earlier.pending(content(checksumOf("pending")), BUSY);
  earlier.failed(content(checksumOf("failed")), BUSY);
  earlier.flush();
  ledger.seen(checksumOf("seen"));
  await ledger.sending([content(checksumOf("sent")), content(checksumOf("own"))]);
  const [left, ...others] = await ledger.strays(10);
  expect([left?.checksum, others]).toEqual([checksumOf("left"), []]);
  expect(left?.sentAgoMs).toBeGreaterThanOrEqual(59_000);
  expect(await ledger.strays(0)).toEqual([]);
  ledger.done({ checksum: checksumOf("left"), path: null }, "upload");
  expect(await ledger.strays(10)).toEqual([]);
  await until(() => opened.states()[checksumOf("left")] === "done", "it is committed");
});
