import { expect, test } from "bun:test";
import fc from "fast-check";
import { boardTold } from "../../../src/serve/fleet/board-told.ts";

const AT = "2026-11-26T04:00:00.000Z";
const BOARD = {
  board_name: "attic",
  version: "1.0.0",
  problem_count: 1,
  problems: [{ about: "nodes", key: "silent:pi", text: "pi has been silent for 4 hours" }],
  time: {
    last: { at: AT, source: "ntp", offset_s: 0.001, error_bound_s: 0.01 },
    offsets_s: [],
  },
  sync: { destinations: 1, done: 3, waiting: 0, failed: 0, at_work: false },
  more: "of a later version",
};
const NODE = {
  node_name: "pi",
  newest_line: null,
  age_s: null,
  total_operations: 0,
  success_rate_download: null,
  success_rate_upload: null,
  success_rate_audit: null,
  failed_percent: null,
  avg_latency_mean: null,
  coverage_percent: 0,
  log_level: null,
  latency_resolution_ms: null,
  damaged_hours: 0,
  scores: [],
  hours: { total_operations: [], success_rate_download: [], avg_latency_mean: [] },
  standing: null,
};
const told = (board: unknown, nodes: unknown) => boardTold(JSON.stringify(board), JSON.stringify(nodes));

test("what a board tells is taken, and nothing that is not known goes on", () => {
  expect(told(BOARD, { nodes: [{ ...NODE, html: "<b>" }] })).toEqual({
    name: "attic",
    version: "1.0.0",
    problem_count: 1,
    problems: [{ about: "nodes", key: "silent:pi", text: "pi has been silent for 4 hours" }],
    clock: { at: AT, source: "ntp", offset_s: 0.001, error_bound_s: 0.01 },
    sync: { done: 3, waiting: 0, failed: 0, at_work: false },
    nodes: [NODE],
  } as never);
});

test("a board of an earlier version, which tells less, is a board with what it tells", () => {
  expect(
    told(
      { board_name: "attic", version: "0.1.0" },
      { nodes: [{ node_name: "pi", standing: { taken: AT } }] },
    ),
  ).toEqual({
    name: "attic",
    version: "0.1.0",
    problem_count: 0,
    problems: [],
    clock: null,
    sync: { done: 0, waiting: 0, failed: 0, at_work: false },
    nodes: [
      {
        ...NODE,
        standing: {
          taken: AT,
          used_bytes: null,
          total_bytes: null,
          trash_bytes: null,
          audit_score: null,
          suspension_score: null,
          online_score: null,
          payout_usd: null,
          held_usd: null,
          disqualified: null,
          suspended: null,
          version: null,
        },
      },
    ],
  } as never);
});

test("no single key of a node or a board is missed, but for what tells which one it is", () => {
  for (const key of Object.keys(BOARD)) {
    const { [key as "more"]: _, ...rest } = BOARD;
    const isTold = told(rest, { nodes: [NODE] }) !== null;
    expect([key, isTold]).toEqual([key, key !== "board_name" && key !== "version"]);
  }
  for (const key of Object.keys(NODE)) {
    const { [key as "age_s"]: _, ...rest } = NODE;
    const of = told(BOARD, { nodes: [rest] });
    expect([key, of?.nodes]).toEqual([key, key === "node_name" ? undefined : [NODE as never]]);
  }
});

test("a board of a later version is taken without what is not known here", () => {
  const later = {
    ...BOARD,
    problem_count: 3,
    problems: [...BOARD.problems, { about: "__proto__", key: "x", text: "x" }, "a sentence"],
    time: { ...BOARD.time, last: { ...BOARD.time.last, leap: "smeared" } },
    sync: { ...BOARD.sync, paused: true },
  };
  const node = { ...NODE, log_level: "trace", hours: { ...NODE.hours, egress: [1] }, region: "eu" };
  expect(told(later, { nodes: [node], next: 2 })).toEqual({
    name: "attic",
    version: "1.0.0",
    problem_count: 3,
    problems: BOARD.problems,
    clock: { at: AT, source: "ntp", offset_s: 0.001, error_bound_s: 0.01 },
    sync: { done: 3, waiting: 0, failed: 0, at_work: false },
    nodes: [NODE],
  } as never);
});

test.each([
  ["no object", [], { nodes: [] }],
  ["a name that is a list", { ...BOARD, board_name: ["attic"] }, { nodes: [] }],
  ["a name of a megabyte", { ...BOARD, board_name: "x".repeat(1_000_000) }, { nodes: [] }],
  ["problems without end", { ...BOARD, problems: Array.from({ length: 21 }, () => "") }, { nodes: [] }],
  ["nodes without end", BOARD, { nodes: Array.from({ length: 201 }, () => NODE) }],
  ["a node whose moment is none", BOARD, { nodes: [{ ...NODE, newest_line: "yesterday" }] }],
  ["a node without a name", BOARD, { nodes: [{ ...NODE, node_name: "" }] }],
  [
    "hours without end",
    BOARD,
    { nodes: [{ ...NODE, hours: { ...NODE.hours, total_operations: Array.from({ length: 25 }, () => 1) } }] },
  ],
])("%s: refused", (_what, board, nodes) => {
  expect(told(board, nodes)).toBeNull();
});

test("whatever comes is refused or a board, and never thrown over", () => {
  fc.assert(
    fc.property(fc.string(), fc.json(), (board, nodes) => {
      expect(boardTold(board, nodes)).toBeNull();
      expect(boardTold(JSON.stringify(BOARD), nodes)?.nodes ?? []).toBeArray();
    }),
  );
});
