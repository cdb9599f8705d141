import { expect, test } from "bun:test";
import { patient } from "../../support/emulation.ts";
import { ntpServer } from "../../support/time/ntp.ts";
import { nodupe } from "../../support/run.ts";

test("encode and decode: a line for each argument", async () => {
  const encoded = await nodupe(["stamp", "encode", "2026-01-01T00:00:00Z", "0.5", "--hex"]);
  expect(encoded).toEqual({ exitCode: 0, stdout: "0x1a556e4000000000\n0x0000000020000000\n", stderr: "" });
  const decoded = await nodupe(["stamp", "decode", "0x1a556e4000000000", "536870912"]);
  expect(decoded.stdout).toBe("2026-01-01T00:00:00Z\n1970-01-01T00:00:00.5Z\n");
  const unix = await nodupe(["stamp", "decode", "--unix", "536870912"]);
  expect(unix.stdout).toBe("0.5\n");
});

test("an argument that cannot be converted: exit 2, and nothing is printed", async () => {
  for (const args of [
    ["encode", "0", "-1"],
    ["encode", "2026-01-01T00:00:00"],
    ["decode", "18446744073709551616"],
    ["decode", "--hex", "1"],
    ["encode", "--unix", "1"],
    ["encode"],
    ["encoed", "1"],
  ]) {
    const { exitCode, stdout, stderr } = await nodupe(["stamp", ...args]);
    expect([args, exitCode, stdout]).toEqual([args, 2, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  }
});

test("- reads one a line; a bad line is said with its number, and the others are converted", async () => {
  const { exitCode, stdout, stderr } = await nodupe(["stamp", "encode", "-"], { stdin: "0\n\nsoon\n1\n" });
  expect([exitCode, stdout]).toEqual([1, "0\n1073741824\n"]);
  expect(stderr).toMatch(/^nodupe: line 3: "soon": /);
  const json = await nodupe(["stamp", "encode", "--json", "-"], { stdin: "0\nsoon" });
  expect(JSON.parse(json.stdout)).toEqual({
    values: [
      { input: "0", output: "0", reason: null },
      { input: "soon", output: null, reason: expect.any(String) },
    ],
    failed: 1,
  });
});

test("a batch of 100,000 lines, there and back", async () => {
  const lines = Array.from(
    { length: 100_000 },
    (_, index) => `${1_700_000_000 + index}.${String(index).padStart(9, "0")}`,
  );
  const encoded = await nodupe(["stamp", "encode", "-"], { stdin: lines.join("\n") });
  const decoded = await nodupe(["stamp", "decode", "--unix", "-"], { stdin: encoded.stdout });
  const trimmed = lines.map((line) => line.replace(/0+$/, "").replace(/\.$/, ""));
  expect(decoded.stdout.trim().split("\n")).toEqual(trimmed);
});

test("stamp alone is the corrected time, not this clock's", async () => {
  using ahead = await ntpServer({ offsetS: 1_000 });
  const { exitCode, stdout } = await nodupe(["stamp", "--db", ":memory:", "--server", ahead.name]);
  expect(exitCode).toBe(0);
  const seconds = Number(BigInt(stdout.trim()) >> 30n);
  expect(Math.abs(seconds - (Date.now() / 1_000 + 1_000))).toBeLessThan(patient(5));
  const json = await nodupe(["stamp", "--json", "--db", ":memory:", "--server", ahead.name]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    source: "ntp",
    fastdate64: expect.stringMatching(/^\d+$/),
  });
});

test("no server: exit 4, and the object has nulls", async () => {
  using gone = await ntpServer();
  gone[Symbol.dispose]();
  const { exitCode, stdout } = await nodupe(["stamp", "--json", "--db", ":memory:", "--server", gone.name]);
  expect([exitCode, JSON.parse(stdout)]).toEqual([
    4,
    { fastdate64: null, iso: null, source: null, offset_s: null, error_bound_s: null },
  ]);
});
