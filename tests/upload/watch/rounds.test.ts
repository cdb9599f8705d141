import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Source, Standing } from "../../../src/upload/intake/source.ts";
import { filesOf } from "../../../src/upload/scan/scan.ts";
import type { Arrival } from "../../../src/upload/watch/ready-files.ts";
import { Rounds } from "../../../src/upload/watch/rounds.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const MINUTE_MS = 60_000;
/** Uploads that are never all settled. */
const BUSY: Standing = { isIdle: false, idle: () => new Promise(() => undefined) };
const AT_REST: Standing = { isIdle: true, idle: () => Promise.resolve() };

/** A file arrives, and another as soon as somebody takes it; each takes a minute. */
function steadily(
  folder: TempFolder,
  count: number,
): { readonly rounds: Rounds; readonly touched: string[] } {
  let nowMs = 0;
  const touched: string[] = [];
  async function* arrivals(): AsyncGenerator<Arrival> {
    for (let at = 0; at < count; at += 1) {
      nowMs += MINUTE_MS;
      writeFileSync(folder.file(`${at}.txt`), "x");
      yield await Promise.resolve({ type: "files", relativePaths: [`${at}.txt`] });
    }
  }
  const rounds = new Rounds({
    root: folder.path,
    include: [],
    exclude: [],
    arrivals: arrivals(),
    touch: (path) => touched.push(path),
    now: () => nowMs,
  });
  return { rounds, touched };
}

async function namesIn(source: Source, standing: Standing): Promise<string[]> {
  const names: string[] = [];
  for await (const { events } of source.batches(standing))
    for (const { name } of filesOf(events)) names.push(name);
  return names;
}

test("where something arrives all the time a run ends after ten minutes, and the next one takes what has come meanwhile", async () => {
  using folder = tempFolder();
  const { rounds } = steadily(folder, 25);
  const runs: string[][] = [];
  for (let source = await rounds.next(); source !== null; source = await rounds.next())
    runs.push(await namesIn(source, BUSY));
  expect(runs.flat()).toEqual(Array.from({ length: 25 }, (_, at) => `${at}.txt`));
  expect(runs.map(({ length }) => length)).toEqual([10, 10, 5]);
});

test("a run ends as soon as all of it is settled and nothing waits", async () => {
  using folder = tempFolder();
  const { promise: later, resolve } = Promise.withResolvers<void>();
  async function* arrivals(): AsyncGenerator<Arrival> {
    writeFileSync(folder.file("a.txt"), "x");
    yield { type: "rescan", reason: "it begins" };
    await later;
    writeFileSync(folder.file("b.txt"), "x");
    yield { type: "files", relativePaths: ["b.txt", "gone.txt"] };
  }
  const options = { root: folder.path, include: [], exclude: [], touch: () => undefined, now: () => 0 };
  const rounds = new Rounds({ ...options, arrivals: arrivals() });
  const first = await rounds.next();
  expect(first === null ? [] : await namesIn(first, AT_REST)).toEqual(["a.txt"]);
  resolve();
  const second = await rounds.next();
  expect(second === null ? [] : await namesIn(second, AT_REST)).toEqual(["b.txt"]);
  expect(await rounds.next()).toBeNull();
});
