import { expect } from "bun:test";
import { join } from "node:path";
import { readCorpus } from "../../support/fuzz/corpus.ts";
import type { Fuzzed } from "../../support/fuzz/watched.ts";
import { TARGETS } from "../../support/fuzz/targets.ts";
import { unemulated } from "../../support/programs.ts";

const SECONDS = 10;
const FUZZ = join(import.meta.dir, "../../../bench/fuzz.ts");

// With what other time the machine has: the fuzzers run at nice 19. An hour of them is `bun bench/fuzz.ts --seconds 3600`.
unemulated(
  "no reader of bytes from outside crashes, hangs or breaks a promise, whatever the bytes are",
  async () => {
    const names = Object.keys(TARGETS);
    const command = [process.execPath, FUZZ, "--seconds", `${SECONDS}`, "--at-once", `${names.length}`];
    const fuzzing = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
    const { targets } = JSON.parse(await new Response(fuzzing.stdout).text()) as { targets: Fuzzed[] };
    await fuzzing.exited;
    expect(targets.map(({ target, fault }) => ({ target, fault }))).toEqual(
      names.map((target) => ({ target, fault: null })),
    );
    // Each has taken all of its corpus, and mutations of it.
    for (const { target, inputs } of targets) expect(inputs).toBeGreaterThan(readCorpus(target).size);
  },
  120_000,
);
