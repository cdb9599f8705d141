import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandTree } from "../../../src/cli/command-line/command-tree.ts";
import { flatten, nameOf } from "../../../src/render/command-tree.ts";
import { type Complete, inBash, inFish, inZsh } from "../../support/shell/complete.ts";
import { BINARY } from "../../support/binary.ts";
import { needs } from "../../support/programs.ts";
import { nodupe, runCommand } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");
const CHECKSUMS = ["ab".repeat(32), "cd".repeat(32)];

type Open = (script: string, folder: TempFolder, env: Readonly<Record<string, string>>) => Complete;

const SHELLS: Readonly<Record<string, Open>> = {
  bash: inBash,
  zsh: inZsh,
  fish: inFish,
};

for (const [shell, open] of Object.entries(SHELLS)) {
  needs(shell)(
    `${shell} offers commands, their flags, the words and the files that they take`,
    async () => {
      using folder = tempFolder();
      using files = tempFolder();
      const { stdout, exitCode } = await nodupe(["completions", shell]);
      expect(exitCode).toBe(0);
      const complete = open(stdout, folder, {});
      const commands = (await commandTree()).children.map((child) => nameOf(child)).toSorted();
      expect(await complete("nodupe ")).toEqual(commands);
      expect(await complete("nodupe comple")).toEqual(["completions"]);
      expect(await complete("nodupe completions ")).toEqual(["bash", "fish", "zsh"]);
      expect(await complete("nodupe config ")).toEqual(["check", "import", "init", "path", "show"]);
      expect(await complete("nodupe config init --fo")).toEqual(["--force"]);
      expect(await complete("nodupe upgrade --che")).toEqual(["--check"]);
      expect(await complete("nodupe config init --no-")).toEqual(["--no-color"]);
      await Bun.write(files.file("settings.toml"), "");
      const path = files.file("sett");
      const offered = await complete(`nodupe config check --config ${path}`);
      expect(offered.some((word) => word.endsWith("settings.toml"))).toBe(true);
      // A value that can be anything: nothing is offered, a command least of all.
      expect(await complete("nodupe upgrade --from ")).toEqual([]);
    },
    60_000,
  );
}

/** A store with nodes and contents, and a PATH on which nodupe is found. */
async function setUp(folder: TempFolder): Promise<Record<string, string>> {
  mkdirSync(folder.file("bin"));
  writeFileSync(folder.file("bin", "nodupe"), `#!/bin/sh\nexec '${BINARY}' "$@"\n`, { mode: 0o755 });
  const env = {
    HOME: folder.path,
    PATH: `${folder.file("bin")}:${process.env["PATH"] ?? ""}`,
    NODUPE_DB: folder.file("store.db"),
  };
  for (const node of ["attic", "shed", "my shed's $node"])
    expect((await nodupe(["ingest", "--node", node, SAMPLE], { env })).exitCode).toBe(0);
  writeFileSync(folder.file("history.json"), JSON.stringify(CHECKSUMS));
  expect((await nodupe(["history", "import", folder.file("history.json")], { env })).exitCode).toBe(0);
  return env;
}

for (const [shell, open] of Object.entries(SHELLS)) {
  needs(shell)(`${shell} offers what the store knows: nodes and checksums`, async () => {
    using folder = tempFolder();
    using scripts = tempFolder();
    const env = await setUp(folder);
    const { stdout } = await nodupe(["completions", shell]);
    const complete = open(stdout, scripts, env);
    expect(await complete("nodupe compare a")).toEqual(["attic"]);
    expect(await complete("nodupe compare attic s")).toEqual(["shed"]);
    expect(await complete("nodupe --json --log-format text compare s")).toEqual(["shed"]);
    expect(await complete("nodupe nodes rename s")).toEqual(["shed"]);
    expect(await complete("nodupe ingest --node a")).toEqual(["attic"]);
    expect(await complete("nodupe history forget ab")).toEqual(["abababababab"]);
    expect(await complete("nodupe history forget abababababababab")).toEqual(["ab".repeat(32)]);
    expect(await complete("nodupe history forget x")).toEqual([]);
    expect(await complete("nodupe compare --type perf")).toEqual(["performance"]);
    // One word of the shell, whatever is in it: what is offered names the node again.
    const [odd = ""] = await complete("nodupe compare m");
    const quoted = shell !== "fish" ? odd : `'${odd.replaceAll("'", `'"'"'`)}'`;
    const used = await runCommand(["bash", "-c", `nodupe nodes list --json; printf '%s' ${quoted}`], { env });
    expect(used.stdout).toEndWith("my shed's $node");
    // Another store than the usual one, and none at all: nothing is offered, nothing is made.
    const absent = folder.file("absent.db");
    expect(await complete(`nodupe compare --db ${absent} a`)).toEqual([]);
    expect(await complete(`nodupe compare --db=${absent} a`)).toEqual([]);
    expect(existsSync(absent)).toBe(false);
  });
}

test("candidates are printed for scripts, and a broken store is told by its code alone", async () => {
  using folder = tempFolder();
  const env = await setUp(folder);
  const names = await nodupe(["completions", "nodes"], { env });
  expect(names).toEqual({ exitCode: 0, stdout: "attic\nmy shed's $node\nshed\n", stderr: "" });
  const json = await nodupe(["completions", "checksums", "CD", "--json"], { env });
  expect(JSON.parse(json.stdout)).toEqual({ candidates: ["cdcdcdcdcdcd"] });
  const { exitCode, stdout } = await nodupe(["completions", "nodes", "--db", SAMPLE]);
  expect([exitCode, stdout]).toEqual([2, ""]);
  expect((await nodupe(["completions", "bash", "zsh"])).exitCode).toBe(2);
});

test("every command and every flag is in each script", async () => {
  const nodes = flatten(await commandTree());
  for (const shell of Object.keys(SHELLS)) {
    const { stdout } = await nodupe(["completions", shell]);
    const missing = nodes.flatMap((node) => [
      ...(stdout.includes(`'${nameOf(node)}'`) || stdout.includes(String.raw`\'${nameOf(node)}\'`)
        ? []
        : [nameOf(node)]),
      ...node.flags
        .filter(({ name }) => !stdout.includes(name))
        .map(({ name }) => `${nameOf(node)} --${name}`),
    ]);
    expect({ shell, missing }).toEqual({ shell, missing: [] });
  }
});

needs("shellcheck")("the bash script passes shellcheck", async () => {
  using folder = tempFolder();
  await Bun.write(folder.file("nodupe.bash"), (await nodupe(["completions", "bash"])).stdout);
  const run = await runCommand(["shellcheck", "--shell=bash", folder.file("nodupe.bash")]);
  expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

test("another shell is refused with the ones that are known", async () => {
  expect(await nodupe(["completions", "bsah"])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: 'nodupe: unknown shell "bsah", expected one of bash, zsh, fish; did you mean bash?\n',
  });
});
