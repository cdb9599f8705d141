import { Database } from "bun:sqlite";
import { expect, jest, test } from "bun:test";
import { RENEW_MS } from "../../src/upload/next-step.ts";
import { SendingRows } from "../../src/upload/sending-rows.ts";
import type { Work } from "../../src/upload/work.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";
import { type UploadStore, uploadStore } from "../support/upload-store.ts";
import { workOf } from "../support/work.ts";

interface Rows extends Disposable {
  readonly rows: SendingRows;
  /** How many units have become ready. */
  ready(): number;
  readonly broken: unknown[];
}

function sendingRows({ ledger }: UploadStore): Rows {
  let ready = 0;
  const broken: unknown[] = [];
  const rows = new SendingRows({
    ledger,
    onReady: () => {
      ready += 1;
    },
    onBroken: (error) => broken.push(error),
  });
  return { rows, ready: () => ready, broken, [Symbol.dispose]: () => rows[Symbol.dispose]() };
}

function units(...names: string[]): Work[][] {
  return names.map((name) => name.split("+").map((each) => workOf(each)));
}

function sentAtMs({ store }: UploadStore): Record<string, number> {
  const rows = store.db.query<{ path: string; at: number }, []>("SELECT path, sent_at_ms AS at FROM content");
  return Object.fromEntries(rows.all().map(({ path, at }) => [path.slice("/cvs/".length), at]));
}

test("a unit is taken once all of its rows are on the disk, not before", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using made = sendingRows(opened);
  const { rows } = made;
  const [unit = []] = units("a+b");
  expect([rows.ahead, rows.isCommitting, rows.take()]).toEqual([0, false, undefined]);
  rows.book(unit);
  expect([rows.ahead, rows.isCommitting, rows.take(), made.ready()]).toEqual([1, true, undefined, 0]);
  expect(opened.states()).toEqual({});
  await until(() => made.ready() === 1, "it is ready");
  expect(opened.states()).toEqual(Object.fromEntries(unit.map(({ checksum }) => [checksum, "sending"])));
  expect([rows.ahead, rows.isCommitting]).toEqual([1, false]);
  expect(rows.take()).toBe(unit);
  expect([rows.ahead, rows.take()]).toEqual([0, undefined]);
});

test("units are taken in the order in which they were booked, over several commits", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using made = sendingRows(opened);
  const booked = units("a", "b+c", "d", "e", "f+g");
  for (const unit of booked.slice(0, 2)) made.rows.book(unit);
  await until(() => made.ready() === 2, "the first are ready");
  for (const unit of booked.slice(2)) made.rows.book(unit);
  expect([made.rows.ahead, made.rows.take()]).toEqual([5, booked[0]]);
  await until(() => made.ready() === 5, "all are ready");
  expect(Array.from({ length: 5 }, () => made.rows.take())).toEqual([...booked.slice(1), undefined]);
  expect(await opened.commits()).toBe(2);
});

test("withdrawing takes back what was not taken, and what is being committed only once it is", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using made = sendingRows(opened);
  const { rows } = made;
  const [taken = [], first = [], second = [], late = []] = units("a", "b+c", "d", "e");
  for (const unit of [taken, first, second]) rows.book(unit);
  expect(rows.withdraw()).toEqual([]);
  await until(() => made.ready() === 3, "all are ready");
  expect(rows.take()).toBe(taken);
  rows.book(late);
  expect(rows.withdraw()).toEqual([...first, ...second]);
  expect([rows.ahead, rows.isCommitting]).toEqual([1, true]);
  await until(() => made.ready() === 4, "the last is ready");
  expect(rows.withdraw()).toEqual(late);
  expect([rows.ahead, rows.withdraw(), rows.take()]).toEqual([0, [], undefined]);
});

test("rows are renewed from when they are committed until they are settled or withdrawn", async () => {
  using folder = tempFolder();
  let nowMs = 1_000;
  using opened = await uploadStore(folder, { now: () => nowMs });
  jest.useFakeTimers();
  try {
    using made = sendingRows(opened);
    const { rows } = made;
    const pass = (): Record<string, number> => {
      nowMs += RENEW_MS;
      jest.advanceTimersByTime(RENEW_MS);
      opened.ledger.flush();
      return sentAtMs(opened);
    };
    const booked = units("a", "b", "c+d");
    for (const unit of booked) rows.book(unit);
    opened.ledger.flush();
    for (let turn = 0; made.ready() < 3 && turn < 100; turn += 1) await Promise.resolve();
    expect([rows.take(), rows.take()]).toEqual(booked.slice(0, 2));
    expect(pass()).toEqual({ a: 6_000, b: 6_000, c: 6_000, d: 6_000 });
    rows.settled(booked[0] ?? []);
    expect(pass()).toEqual({ a: 6_000, b: 11_000, c: 11_000, d: 11_000 });
    expect(rows.withdraw()).toEqual(booked[2] ?? []);
    expect(pass()).toEqual({ a: 6_000, b: 16_000, c: 11_000, d: 11_000 });
    rows[Symbol.dispose]();
    expect(pass()).toEqual({ a: 6_000, b: 16_000, c: 11_000, d: 11_000 });
    expect(made.broken).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
});

test("a store that cannot be written is told, and the unit can still be withdrawn", async () => {
  using folder = tempFolder();
  const told: unknown[] = [];
  using opened = await uploadStore(folder, { onBroken: (error) => told.push(error) });
  using made = sendingRows(opened);
  using other = new Database(folder.file("store.db"));
  other.run("BEGIN EXCLUSIVE");
  const [unit = []] = units("a+b");
  made.rows.book(unit);
  await until(() => made.ready() === 1, "its end is told");
  expect(made.broken).toEqual([expect.objectContaining({ code: expect.stringContaining("SQLITE_BUSY") })]);
  expect(told).toEqual(made.broken);
  expect(made.rows.take()).toBeUndefined();
  expect(made.rows.withdraw()).toEqual(unit);
  other.run("ROLLBACK");
  expect(opened.states()).toEqual({});
});
