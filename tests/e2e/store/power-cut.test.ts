import { expect, test } from "bun:test";
import { cutPower } from "../../support/store/power-cut/cut-job.ts";
import { cookieJob } from "../../support/store/power-cut/cookie-job.ts";
import { diskAfterCut } from "../../support/store/power-cut/disk.ts";
import { ingestJob } from "../../support/store/power-cut/ingest-job.ts";
import type { Op } from "../../support/store/power-cut/recording.ts";
import { syncJob } from "../../support/store/power-cut/sync-job.ts";
import { needsExecution } from "../../support/programs.ts";

const CUTS = 10;

// Hundreds of cuts: `bun bench/power-cuts.ts`. The three mostly wait, and so share the time.
needsExecution("strace", "openssl")(
  "the power fails during an upload, an ingest and a measurement: nothing is sent twice, nothing lost, no store refused",
  async () => {
    const done = await Promise.all(
      Object.entries({ sync: syncJob, ingest: ingestJob, cookies: cookieJob }).map(async ([name, make]) => {
        await using job = await make();
        return [name, (await cutPower(job, CUTS, 1)).wrong] as const;
      }),
    );
    expect(Object.fromEntries(done)).toEqual({ sync: [], ingest: [], cookies: [] });
  },
  120_000,
);

needsExecution("strace", "openssl")("a disk that syncs nothing is caught by the same cuts", async () => {
  await using job = await cookieJob();
  const deaf = { ...job, ops: job.ops.filter(({ type }) => type !== "sync") };
  const { wrong } = await cutPower(
    { ...deaf, check: (cut) => job.check(atSameSend(job.ops, deaf.ops, cut)) },
    CUTS,
    1,
  );
  expect(wrong.map(({ type }) => type)).toContain("repeated");
});

/** The place among all operations that is the `cut`-th without the syncs. */
function atSameSend(all: readonly Op[], some: readonly Op[], cut: number): number {
  const next = some[cut];
  return next === undefined ? all.length : all.indexOf(next);
}

const write = (path: string, at: number, text: string): Op => ({
  type: "write",
  path,
  at,
  bytes: Buffer.from(text),
});
const disk = (
  ops: readonly Op[],
  fate: "lost" | "kept" | "torn",
  draw: (count: number) => number = () => 0,
) =>
  Object.fromEntries(
    [...diskAfterCut(ops, ops.length, { fate, draw, before: new Map() })].map(([path, bytes]) => [
      path,
      bytes.toString(),
    ]),
  );

test("what was synced is there, what was not is lost or kept, and a file that its folder does not name is nowhere", () => {
  const made: Op = { type: "create", path: "/d/f" };
  const sync: Op = { type: "sync", path: "/d/f" };
  const folder: Op = { type: "sync", path: "/d" };
  expect(disk([made, write("/d/f", 0, "ab")], "lost")).toEqual({});
  expect(disk([made, write("/d/f", 0, "ab")], "kept")).toEqual({ "/d/f": "ab" });
  expect(disk([made, write("/d/f", 0, "ab"), sync, write("/d/f", 1, "x")], "lost")).toEqual({ "/d/f": "ab" });
  expect(disk([made, folder, write("/d/f", 0, "ab")], "lost")).toEqual({ "/d/f": "" });
  expect(disk([made, write("/d/f", 0, "ab"), sync, { type: "unlink", path: "/d/f" }], "lost")).toEqual({
    "/d/f": "ab",
  });
  expect(
    disk([made, write("/d/f", 0, "ab"), sync, { type: "unlink", path: "/d/f" }, folder], "lost"),
  ).toEqual({});
  expect(disk([made, sync, { type: "truncate", path: "/d/f", size: 3 }], "kept")).toEqual({
    "/d/f": "\0\0\0",
  });
});

test("a torn write leaves some of its sectors, and behind them what was there before", () => {
  const made: Op[] = [
    { type: "create", path: "/d/f" },
    write("/d/f", 0, "a".repeat(1_024)),
    { type: "sync", path: "/d/f" },
  ];
  // Drawn: torn, then the first sector lost and the second taken.
  const draws = [0, 2, 0, 1];
  const torn = disk([...made, write("/d/f", 0, "b".repeat(1_024))], "torn", () => draws.shift() ?? 0);
  expect(torn["/d/f"]).toMatch(/^a{512}b{512}$/);
});
