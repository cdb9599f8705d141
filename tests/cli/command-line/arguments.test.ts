import { expect, test } from "bun:test";
import fc from "fast-check";
import { checkPositionals, parseArguments } from "../../../src/cli/command-line/arguments.ts";
import { duration, integer, list, text, toggle } from "../../../src/settings/kind.ts";
import { option, optional } from "../../../src/settings/option.ts";
import { Failure } from "../../../src/lib/errors.ts";

const sections = {
  sync: {
    bulk: option(toggle, false, ""),
    workers: option(integer(1, 20), 5, ""),
    retryDelay: option(duration, 5_000, ""),
    include: option(list(text("GLOB")), [], ""),
    apiKey: optional(text("KEY"), "", { scope: "settings", example: "k" }),
  },
  common: {
    verbose: option(toggle, false, "", { scope: "flag", short: "v" }),
    quiet: option(toggle, false, "", { scope: "flag", short: "q" }),
  },
};

function parse(...argv: string[]) {
  const { flags, positionals } = parseArguments(argv, sections, "sync");
  return {
    flags: Object.fromEntries([...flags].map(([section, set]) => [section, Object.fromEntries(set)])),
    positionals,
  };
}

function refusal(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof Failure && error.kind === "usage") return error.message;
    throw error;
  }
  throw new Error(`expected ${argv.join(" ")} to be refused`);
}

test("flags, values in both forms, repeats, clusters, negations, positionals", () => {
  expect(
    parse(
      "cvs",
      "--workers",
      "7",
      "--retry-delay=2s",
      "--include",
      "*.pdf",
      "--include=*.md",
      "-vq",
      "--no-bulk",
    ),
  ).toEqual({
    flags: {
      sync: { workers: 7, retryDelay: 2_000, include: ["*.pdf", "*.md"], bulk: false },
      common: { verbose: true, quiet: true },
    },
    positionals: ["cvs"],
  });
});

test("what follows -- is never a flag, and a negative number is a value", () => {
  expect(parse("--", "--workers", "-1")).toEqual({ flags: {}, positionals: ["--workers", "-1"] });
  expect(parse("-1.5", "-")).toEqual({ flags: {}, positionals: ["-1.5", "-"] });
  expect(refusal("--workers", "-1")).toBe('--workers: found "-1", expected a whole number from 1 to 20');
});

test("what is wrong is refused in one line: unknown, missing, ill-typed, a value for a switch", () => {
  expect({
    unknown: refusal("--worker", "3"),
    far: refusal("--jbos", "3"),
    short: refusal("-x"),
    shortAsLong: refusal("--q"),
    missing: refusal("--workers"),
    swallowed: refusal("--workers", "--bulk"),
    illTyped: refusal("--workers", "many"),
    empty: refusal("--include="),
    switchValue: refusal("--bulk=3"),
    secret: refusal("--api-key", "tanova_sk_x"),
  }).toEqual({
    unknown: "unknown flag --worker; did you mean --workers?",
    far: "unknown flag --jbos; see: nodupe sync --help",
    short: "unknown flag -x; see: nodupe sync --help",
    shortAsLong: "unknown flag --q; did you mean --quiet?",
    missing: "--workers needs a value: expected a whole number from 1 to 20",
    swallowed: "--workers needs a value: expected a whole number from 1 to 20",
    illTyped: '--workers: found "many", expected a whole number from 1 to 20',
    empty: '--include: found "", expected a text',
    switchValue: '--bulk takes no value: found "3"; give the flag alone',
    secret: "unknown flag --api-key; see: nodupe sync --help",
  });
});

test("no command line does anything but parse or be refused", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom("--workers", "--bulk", "-v", "--", "3"))),
      (argv) => {
        try {
          parseArguments(argv, sections, "sync");
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("too few and too many positionals are refused with the usage", () => {
  expect(() => checkPositionals([], { min: 1, max: 1 }, "history import", "FILE")).toThrow(
    "missing argument; usage: nodupe history import FILE",
  );
  expect(() => checkPositionals(["a", "b"], { min: 0, max: 1 }, "sync", "[FOLDER]")).toThrow(
    'unexpected argument "b"; usage: nodupe sync [FOLDER]',
  );
});
