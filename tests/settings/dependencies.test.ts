import { expect, test } from "bun:test";
import { dependencyFaults } from "../../src/settings/dependencies.ts";
import { duration, path, toggle } from "../../src/settings/kind.ts";
import { option, optional } from "../../src/settings/option.ts";
import { resolveOptions } from "../../src/settings/resolve.ts";

const OPTIONS = {
  check: option(toggle, false, "", { scope: "flag" }),
  maxOffset: option(duration, 1_000, "", { needs: "check" }),
  against: optional(path, "", { scope: "flag" }),
  tolerance: option(duration, 1, "", { scope: "flag", needs: "against" }),
  last: option(duration, 1_000, ""),
  since: optional(path, "", { scope: "flag", excludes: ["last"] }),
};

function faults(flags: object, elsewhere: { environment?: Record<string, string>; file?: object } = {}) {
  const resolution = resolveOptions("x", OPTIONS, {
    flags: new Map(Object.entries(flags)),
    environment: elsewhere.environment ?? {},
    file: new Map(Object.entries(elsewhere.file ?? {})),
    filePath: "f",
  });
  return dependencyFaults(OPTIONS, resolution);
}

test("a flag without the flag it needs is refused; the same as a setting or variable is ignored", () => {
  expect(faults({ maxOffset: 5 })).toEqual([
    "--max-offset means nothing without --check; give both, or neither",
  ]);
  expect(faults({ maxOffset: 5, check: true })).toEqual([]);
  expect(faults({}, { file: { maxOffset: 5 } })).toEqual([]);
  expect(faults({}, { environment: { NODUPE_X_MAX_OFFSET: "5s" } })).toEqual([]);
  expect(faults({ tolerance: 2, maxOffset: 1 }).length).toBe(2);
  expect(faults({ tolerance: 2, against: "f" })).toEqual([]);
});

test("flags that contradict each other are refused; a setting yields to a flag", () => {
  expect(faults({ since: "s", last: 5 })).toEqual([
    "--since and --last exclude each other; give one of them",
  ]);
  expect(faults({ since: "s" }, { file: { last: 5 } })).toEqual([]);
});
