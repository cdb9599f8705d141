import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUN_VERSION } from "../../build/release/runtime.ts";
import { hostTarget, TARGETS } from "../../build/release/targets.ts";

interface Locked {
  readonly version: string;
  readonly integrity: string;
}

test("the runtimes match package-lock.json, as far as it has them", () => {
  const lock: { packages: Record<string, Locked> } = JSON.parse(
    readFileSync(join(import.meta.dir, "../../package-lock.json"), "utf8"),
  );
  const locked = TARGETS.flatMap(({ runtime, integrity }) => {
    const entry = lock.packages[`node_modules/@oven/${runtime}`];
    return entry === undefined ? [] : [{ runtime, integrity, entry }];
  });
  expect(locked.length).toBeGreaterThanOrEqual(7);
  for (const { runtime, integrity, entry } of locked) {
    expect({ runtime, integrity, version: BUN_VERSION }).toEqual({
      runtime,
      integrity: entry.integrity,
      version: entry.version,
    });
  }
});

test("every runtime is listed once, and this machine is among the targets", () => {
  for (const key of ["name", "bun", "runtime", "integrity"] as const) {
    expect(new Set(TARGETS.map((target) => target[key])).size).toBe(TARGETS.length);
  }
  expect(TARGETS.map(({ name }) => name)).toContain(hostTarget());
});
