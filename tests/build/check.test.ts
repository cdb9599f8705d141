// build/check.sh in a small tree: the real script, runner and report, with tests that fail always, once, or never.
import { expect } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { needs } from "../support/programs.ts";
import { runCommand, type Run } from "../support/run.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const ROOT = resolve(import.meta.dir, "../..");

const IMPORT = `import { expect, test } from "bun:test";\n`;
/** Fails on the first run in this tree, and passes on later ones. */
const ONCE = `${IMPORT}import { existsSync, writeFileSync } from "node:fs";
const marker = import.meta.path + ".ran";
const isFirst = !existsSync(marker);
writeFileSync(marker, "");
test("steady", () => {});
test("fails once", () => { expect(isFirst).toBe(false); });
`;
const TWICE = `${IMPORT}test("fails always", () => { expect([1]).toEqual([2]); });\n`;
const NEVER = `${IMPORT}test("passes", () => {});\ntest.skip("left out", () => {});\n`;

/** A tree with these tests, whose two builds give these programs. */
function treeIn(folder: TempFolder, tests: Readonly<Record<string, string>>, built: [string, string]): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(folder.file(path)), { recursive: true });
    writeFileSync(folder.file(path), text);
    if (text.startsWith("#!")) chmodSync(folder.file(path), 0o755);
  };
  for (const [path, text] of Object.entries(tests)) write(path, text);
  // Runs tests and the report, and does nothing for the other steps.
  const real = join(ROOT, "node_modules/.bin/bun");
  write(
    "node_modules/.bin/bun",
    `#!/bin/sh
case "$1" in
test | build/check-report.ts) exec '${real}' "$@" ;;
run) mkdir -p dist && echo ${built[0]} >dist/nodupe ;;
*/compile.ts) mkdir -p "\${2%/*}" && echo ${built[1]} >"$2" ;;
esac
`,
  );
  for (const tool of ["oxfmt", "oxlint", "knip"]) write(`node_modules/.bin/${tool}`, "#!/bin/sh\n");
  write("build/check-arm64.sh", `#!/bin/sh\necho "skipped, no emulator"\n`);
  write("tests/fresh/fresh.test.ts", NEVER);
  write("package-lock.json", "{}");
  write("node_modules/.package-lock.json", "{}");
  utimesSync(folder.file("package-lock.json"), 0, 0);
  for (const file of ["check.sh", "check-report.ts"]) {
    copyFileSync(join(ROOT, "build", file), folder.file("build", file));
  }
}

function check(shell: readonly string[], folder: TempFolder): Promise<Run> {
  return runCommand([...shell, folder.file("build/check.sh")], {
    env: { CI: undefined, HOME: folder.path, BUILD_CACHE: undefined, FORCE_COLOR: undefined },
  });
}

const reportOf = ({ stdout }: Run): string[] =>
  stdout.split("\n").filter((line) => /^(failed|unsteady)|^\d+ passed/.test(line));

const needed = needs("dash", "busybox", "git", "npm");
const declare = (name: string, body: () => Promise<void>): void => needed(name, body, 60_000);

for (const shell of [["dash"], ["busybox", "ash"]]) {
  declare(`${shell.join(" ")}: check.sh ends with each failure, after running its file alone`, async () => {
    using folder = tempFolder();
    const tests = { "tests/once.test.ts": ONCE, "tests/twice.test.ts": TWICE, "tests/never.test.ts": NEVER };
    treeIn(folder, tests, ["one", "other"]);
    const run = await check(shell, folder);
    const lines = reportOf(run);
    // The files finish in any order.
    expect([...lines.slice(0, 3).toSorted(), ...lines.slice(3)]).toEqual([
      "failed: reproducible",
      "failed: tests: tests/twice.test.ts: fails always",
      "unsteady: passed only alone: tests: tests/once.test.ts: fails once",
      "failed: reproducible tests",
      // six steps, three tests of which one passed only alone, and one on the fresh machine
      "10 passed, 2 failed, 2 skipped",
    ]);
    const end = run.stdout.slice(run.stdout.lastIndexOf("failed: reproducible\n"));
    expect(end).toContain("error: expect(received).toBe(expected)");
    expect(end).toContain("error: expect(received).toEqual(expected)");
    expect(run.exitCode).toBe(1);
  });
}

declare("check.sh passes with a test that passed only alone, and tells it", async () => {
  using folder = tempFolder();
  treeIn(folder, { "tests/once.test.ts": ONCE }, ["same", "same"]);
  const run = await check(["dash"], folder);
  expect(reportOf(run)).toEqual([
    "unsteady: passed only alone: tests: tests/once.test.ts: fails once",
    "10 passed, 0 failed, 1 skipped",
  ]);
  expect(run.exitCode).toBe(0);
});

declare("check.sh fails when the runner does, whatever passes alone", async () => {
  using folder = tempFolder();
  const dies = `${IMPORT}test("dies", () => { process.kill(process.ppid, "SIGKILL"); });\n`;
  treeIn(folder, { "tests/once.test.ts": ONCE, "tests/dies.test.ts": dies }, ["same", "same"]);
  const run = await check(["dash"], folder);
  expect(run.stdout).toMatch(/^failed: tests\n\d+ passed, 1 failed, \d+ skipped$/m);
  expect(run.exitCode).toBe(1);
});
