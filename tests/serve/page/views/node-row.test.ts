import { expect, test } from "bun:test";
import { fleetBoard } from "../../../../src/board/fleet.ts";
import { nodeRows } from "../../../../src/serve/page/views/node-row.ts";
import { wellNode } from "../../../support/nodes/node-overview.ts";

const NOW_MS = Date.UTC(2026, 10, 26, 1);
const URL = "https://attic.lan:8443";

/** What a board tells, by name and nodes. */
function toldBy(name: string, ...nodes: readonly string[]) {
  return {
    name,
    version: "0.1.0",
    problem_count: 0,
    problems: [],
    clock: null,
    sync: { done: 0, waiting: 0, failed: 0, at_work: false },
    nodes: nodes.map((node) => wellNode(node)),
  };
}

test("a node of a board that is away keeps its row: what that board told last, of when, and by what it is picked", () => {
  const told = toldBy("attic", "pi-1");
  const away = fleetBoard(
    { url: URL, toldMs: NOW_MS - 3_600_000, told, lostMs: NOW_MS - 3_000_000, reason: "no answer" },
    NOW_MS,
  );
  const rows = nodeRows([wellNode("pi-1")], [away]);
  expect(rows.map(({ pick, board, age_s: ageS }) => ({ pick, board, ageS }))).toEqual([
    { pick: "pi-1", board: null, ageS: 60 },
    {
      pick: `pi-1@${URL}`,
      board: { name: "attic", isReachable: false, told: "2026-11-26T00:00:00.000Z" },
      ageS: 3_600,
    },
  ]);
});

test("a board that was never reached has no rows, and takes none away", () => {
  const never = fleetBoard({ url: URL, toldMs: null, told: null, lostMs: NOW_MS, reason: "refused" }, NOW_MS);
  expect(nodeRows([wellNode("pi-1")], [never]).map(({ pick }) => pick)).toEqual(["pi-1"]);
});

test("boards of one name are told apart by their addresses", () => {
  const board = (url: string, name: string) =>
    fleetBoard({ url, toldMs: NOW_MS, told: toldBy(name, "pi"), lostMs: null, reason: null }, NOW_MS);
  const boards = [
    board("https://10.0.0.2:8443", "raspberrypi"),
    board("http://10.0.0.3:8080", "raspberrypi"),
    board("https://10.0.0.4:8443", "attic"),
  ];
  expect(nodeRows([], boards).map((row) => row.board?.name)).toEqual([
    "raspberrypi (10.0.0.2:8443)",
    "raspberrypi (10.0.0.3:8080)",
    "attic",
  ]);
});
