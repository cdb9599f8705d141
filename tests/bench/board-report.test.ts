import { expect, test } from "bun:test";
import { boardReport, type Capacity } from "../../src/bench/board-report.ts";
import type { Capability } from "../../src/bench/experiment.ts";

const MB = 1e6;
const capacities = new Map<Capability, Capacity>([
  ["cvs", { median: 1_000, bytesPerOperation: 20_000 }],
  ["log", { median: 500_000, bytesPerOperation: 200 }],
  ["comparison", { median: 5, bytesPerOperation: null }],
]);

test("if the storage reads faster than both need, the processor is the limit", () => {
  const expected = { cvs_per_s: 1_000, cv_bytes: 20_000, log_gb_s: 10, comparison_ms: 5, limit: "processor" };
  expect(boardReport(capacities, { storage_read_bytes_per_s: 100 * MB })).toEqual({ ...expected } as never);
  // An unknown speed is not held against the machine.
  expect(boardReport(capacities, { storage_read_bytes_per_s: null })).toEqual({ ...expected } as never);
});

test("a job that reads faster than the storage is limited by the storage", () => {
  expect(boardReport(capacities, { storage_read_bytes_per_s: 50 * MB })).toMatchObject({
    cvs_per_s: 1_000,
    log_gb_s: 20,
    limit: "storage",
  });
  expect(boardReport(capacities, { storage_read_bytes_per_s: 10 * MB })).toMatchObject({
    cvs_per_s: 500,
    log_gb_s: 100,
    comparison_ms: 5,
    limit: "storage",
  });
});

test("jobs that were not measured are null", () => {
  expect(boardReport(new Map(), { storage_read_bytes_per_s: 50 * MB })).toEqual({
    cvs_per_s: null,
    cv_bytes: null,
    log_gb_s: null,
    comparison_ms: null,
    limit: null,
  });
});
