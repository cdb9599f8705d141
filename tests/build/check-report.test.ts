import { expect, test } from "bun:test";
import { report, resultsIn } from "../../build/check-report.ts";

const LOG = `bun test v1.4.5 (a7733435c) 2x PARALLEL

tests/a.test.ts:
a word
(pass) first [0.04ms]
before the error
error: it broke
      at <anonymous> (/home/ada/nodupe/tests/a.test.ts:4:94)

tests/b.test.ts:
(pass) other
(skip) left out

tests/a.test.ts:
(fail) group > second [100.01ms]
  ^ this test timed out after 100ms.
(fail) third [1.2s]
error: printed after its result
(fail) (unnamed) [0.05ms]

tests/c.test.ts:

# Unhandled error between tests
-------------------------------
error: cannot load
      at /home/ada/nodupe/tests/d.test.ts:2:11
-------------------------------

(fail) counted with its worker [1ms]
✗ tests/c.test.ts (worker crashed: SIGKILL)

 2 pass
 1 skip
 5 fail
 1 error
Ran 8 tests across 4 files. [1086.00ms]
`;

function alone(file: string, results: string, failed: number): string {
  return `\n${file}:\n${results}\n\n 1 pass\n ${failed} fail\nRan 2 tests across 1 file. [1.00ms]\n`;
}

/** The report without the output of each failure. */
const titles = (text: string): string[] => text.split("\n").filter((line) => /^\S/.test(line));

test("results belong to their file, whichever file's turn it was, with what was printed before them", () => {
  expect(resultsIn(LOG).map(({ file, name, outcome }) => `${outcome} ${file} ${name}`)).toEqual([
    "pass tests/a.test.ts first",
    "fail tests/a.test.ts group > second",
    "fail tests/a.test.ts third",
    "fail tests/a.test.ts (outside of a test)",
    "pass tests/b.test.ts other",
    "skip tests/b.test.ts left out",
    "fail tests/c.test.ts (outside of a test)",
    "fail /home/ada/nodupe/tests/d.test.ts (outside of a test)",
  ]);
  expect(resultsIn(LOG)[1]?.lines).toEqual([
    "before the error",
    "error: it broke",
    "      at <anonymous> (/home/ada/nodupe/tests/a.test.ts:4:94)",
    "  ^ this test timed out after 100ms.",
  ]);
  expect(resultsIn(LOG)[2]?.lines).toEqual(["error: printed after its result"]);
});

test("what bun repeats at the end of a long output is not counted again", () => {
  const log = `tests/a.test.ts:
error: it broke
(fail) first [1ms]

tests/b.test.ts:
(pass) other [1ms]

1 tests failed:
(fail) first [1ms]

 1 pass
 1 fail
`;
  expect(resultsIn(log).map(({ file, name, outcome }) => `${outcome} ${file} ${name}`)).toEqual([
    "fail tests/a.test.ts first",
    "pass tests/b.test.ts other",
  ]);
  const again = [alone("tests/a.test.ts", "(pass) first [1ms]", 0)];
  expect(titles(report([{ name: "tests", log, alone: again }]))).toEqual([
    "unsteady: passed only alone: tests: tests/a.test.ts: first",
  ]);
});

test("an error that bun printed under another file's name is found by its stack", () => {
  const log = `tests/a.test.ts:
(fail) first [1ms]

tests/b.test.ts:
(pass) other [1ms]
error: it broke
      at <anonymous> (/home/ada/nodupe/tests/a.test.ts:4:94)
`;
  expect(report([{ name: "tests", log, alone: [] }])).toBe(`failed: tests: tests/a.test.ts: first
    tests/a.test.ts:
    (fail) first [1ms]

    tests/b.test.ts:
    (pass) other [1ms]
    error: it broke
          at <anonymous> (/home/ada/nodupe/tests/a.test.ts:4:94)
`);
});

test("only what passed alone is unsteady: a hook, a crash or an error between tests, when all of its file did", () => {
  const again = [
    alone("tests/a.test.ts", "(pass) group > second [1ms]\n(fail) third [1ms]", 1),
    alone("tests/c.test.ts", "(pass) counted with its worker [1ms]", 0),
    alone("tests/d.test.ts", "(pass) loaded [1ms]", 0),
  ];
  expect(titles(report([{ name: "tests", log: LOG, alone: again }]))).toEqual([
    "unsteady: passed only alone: tests: tests/a.test.ts: group > second",
    "failed: tests: tests/a.test.ts: third",
    "failed: tests: tests/a.test.ts: (outside of a test)",
    "unsteady: passed only alone: tests: tests/c.test.ts: (outside of a test)",
    "unsteady: passed only alone: tests: /home/ada/nodupe/tests/d.test.ts: (outside of a test)",
  ]);
});

test("a file that did not get to its end alone, or did not run the test, passed nothing", () => {
  const cut = "\ntests/c.test.ts:\n(pass) counted with its worker [1ms]\n";
  const other = alone("tests/a.test.ts", "(pass) first [1ms]", 0);
  expect(
    titles(report([{ name: "tests", log: LOG, alone: [cut, other] }])).filter((title) =>
      title.startsWith("unsteady"),
    ),
  ).toEqual(["unsteady: passed only alone: tests: tests/a.test.ts: (outside of a test)"]);
});

test("the report has at most 120 lines, names every failure there is room for, and shows the error of each", () => {
  const long = (name: string): string =>
    `${"noise\n".repeat(50)}error: ${name} broke\n${"x".repeat(500)}\n${"more\n".repeat(50)}(fail) ${name} [1ms]\n`;
  const stage = (count: number) => ({
    name: "tests",
    log: `tests/a.test.ts:\n${Array.from({ length: count }, (_, index) => long(`t${index}`)).join("")}`,
    alone: [],
  });
  const lint = { name: "lint", log: `${"fine\n".repeat(100)}src/a.ts: wrong\n`, alone: [] };
  for (const count of [1, 3, 20, 300]) {
    const lines = report([lint, stage(count)])
      .trimEnd()
      .split("\n");
    expect(lines.length).toBeLessThanOrEqual(120);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(200);
    expect(titles(lines.join("\n"))).toHaveLength(Math.min(count + 1, 120));
    if (count <= 20) {
      expect(lines.filter((line) => / {4}error: t\d+ broke/.test(line))).toHaveLength(count);
      expect(lines).toContain("    src/a.ts: wrong");
    }
  }
  expect(
    report([lint, stage(1)])
      .trimEnd()
      .split("\n"),
  ).toHaveLength(62);
  expect(report([stage(300)])).toEndWith("\nand 181 more\n");
});
