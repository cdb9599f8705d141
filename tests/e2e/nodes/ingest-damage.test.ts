import { expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY } from "../../support/binary.ts";
import { patient } from "../../support/emulation.ts";
import { cleanEnvironment, nodupe, type Run } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const FIXTURES = join(import.meta.dir, "../../fixtures");
const GOOD = readFileSync(join(FIXTURES, "storagenode-sample.log"), "utf8").split("\n");
const DOWNLOADED = GOOD.find((line) => line.includes("\tdownloaded\t")) ?? "";

/** Runs to its end or to a deadline, at which it is killed: what hangs fails, and holds nothing up. */
async function bounded(args: readonly string[]): Promise<Run> {
  const child = Bun.spawn([BINARY, ...args], {
    env: cleanEnvironment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  // Not Bun.spawn's own time-out: it refuses a whole number that compiled code holds as a double.
  const deadline = setTimeout(() => child.kill(9), patient(10_000));
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  clearTimeout(deadline);
  return { exitCode, stdout, stderr };
}

const SIZES: readonly [put: string, isGood: boolean][] = [
  ["1e999", false],
  ["1e200", false],
  ["-1e999", false],
  ["1.5", false],
  ['"5"', false],
  ["-5", false],
  ["null", false],
  ["9007199254740992", false],
  ["9007199254740991", true],
  ["0", true],
];

for (const key of ["Size", "Offset"]) {
  for (const [put, isGood] of SIZES) {
    test(
      `"${key}": ${put} ${isGood ? "is a number" : "makes the line malformed"}, and nothing hangs`,
      async () => {
        using folder = tempFolder();
        const path = folder.file("node.log");
        const odd = DOWNLOADED.replace(new RegExp(`"${key}": \\d+`), `"${key}": ${put}`);
        // Twice: a line laid out like one before takes another way.
        writeFileSync(path, [...GOOD.slice(0, 60), odd, ...GOOD.slice(60, 120), odd, ""].join("\n"));
        const store = ["--db", folder.file("s.db"), "--json"];
        const first = await bounded(["ingest", "--node", "a", path, ...store]);
        expect({
          exitCode: first.exitCode,
          malformed: (JSON.parse(first.stdout) as { malformed: number }).malformed,
        }).toEqual({
          exitCode: 0,
          malformed: isGood ? 0 : 2,
        });
        copyFileSync(path, folder.file("again.log"));
        writeFileSync(folder.file("again.log"), `\n${readFileSync(path, "utf8")}`);
        const again = await bounded(["ingest", "--node", "a", folder.file("again.log"), ...store]);
        expect(JSON.parse(again.stdout)).toMatchObject({ events: 0, started: 0 });
        const compared = await bounded(["compare", `a=${path}`, `b=${path}`, "--json"]);
        expect({ exitCode: compared.exitCode, stderr: compared.stderr }).toEqual({ exitCode: 0, stderr: "" });
      },
      patient(60_000),
    );
  }
}

test(
  "a damaged id, overlong and at the end of what was read, is one malformed line",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    const long = DOWNLOADED.replace(/("Satellite ID": ")[^"]*/, `$1${"1".repeat(900)}`);
    const short = DOWNLOADED.replace(
      /("Satellite ID": ")[^"]*/,
      "$1121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6",
    );
    const text = [long, DOWNLOADED, long, short].join("\n");
    writeFileSync(path, text);
    const run = await bounded(["ingest", "--node", "a", path, "--db", folder.file("s.db"), "--json"]);
    expect(JSON.parse(run.stdout)).toMatchObject({ lines: 4, events: 2, malformed: 2 });
    expect(run.exitCode).toBe(0);
    // Cut at every byte: what a pipe's chunk, or a file that still grows, may end with.
    for (let end = text.length - short.length; end < text.length; end += 7) {
      const cut = await nodupe(["ingest", "--node", "b", "-", "--db", ":memory:", "--json"], {
        stdin: text.slice(0, end),
      });
      expect(JSON.parse(cut.stdout)).toMatchObject({ events: 1 });
    }
  },
  patient(120_000),
);
