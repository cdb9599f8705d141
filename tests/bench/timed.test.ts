import { expect, test } from "bun:test";
import { middle, timed } from "../../bench/support.ts";
import { patient } from "../support/emulation.ts";

const MIB = 1_048_576;

/** Long enough for a sample of its memory, also on a busy machine. */
const grow = (): string =>
  `const kept = Buffer.alloc(64 * 1048576, 1); await Bun.sleep(${patient(100)}); console.log(kept.length)`;

test("a child's peak is its own: not its parent's, and not less than what it held", async () => {
  const ours = Buffer.alloc(256 * MIB, 1);
  const small = await timed(["sleep", String(patient(100) / 1_000)]);
  const grown = await timed([process.execPath, "-e", grow()]);
  expect(small.peakBytes).toBeGreaterThan(0);
  expect(small.peakBytes).toBeLessThan(16 * MIB);
  expect(grown.peakBytes).toBeGreaterThan(64 * MIB);
  expect(grown.peakBytes).toBeLessThan(ours.length);
});

test("wall time includes waiting, CPU time does not; input, output and environment are passed on", async () => {
  const { wallMs, cpuMs } = await timed(["sleep", "0.2"]);
  expect(wallMs).toBeGreaterThanOrEqual(200);
  expect(cpuMs).toBeLessThan(wallMs / 2);
  const echo = await timed(["sh", "-c", 'cat; printf %s "$WORD"'], { stdin: "in ", env: { WORD: "env" } });
  expect([echo.stdout, echo.exitCode]).toEqual(["in env", 0]);
});

test("a failing run says why, or is returned as a result if requested", async () => {
  const failing = ["sh", "-c", "echo no luck >&2; exit 3"];
  expect(await timed(failing).catch(String)).toEndWith("ended with 3: no luck");
  expect((await timed(failing, { mayFail: true })).exitCode).toBe(3);
});

test("the median of runs is taken for each figure separately", () => {
  const runs = [
    { wallMs: 3, cpuMs: 1, peakBytes: 20 },
    { wallMs: 1, cpuMs: 2, peakBytes: 30 },
    { wallMs: 2, cpuMs: 3, peakBytes: 10 },
  ];
  expect(middle(runs)).toEqual({ wallMs: 2, cpuMs: 2, peakBytes: 20 });
});
