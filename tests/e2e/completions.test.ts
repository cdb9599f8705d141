import { expect, test } from "bun:test";
import { commandTree } from "../../src/cli/command-line/command-tree.ts";
import { flatten, nameOf } from "../../src/render/command-tree.ts";
import { type Complete, inBash, inFish, inZsh } from "../support/complete.ts";
import { needs } from "../support/programs.ts";
import { nodupe, runCommand } from "../support/run.ts";
import { tempFolder, type TempFolder } from "../support/temp.ts";

const SHELLS: Readonly<Record<string, (script: string, folder: TempFolder) => Complete>> = {
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
      const complete = open(stdout, folder);
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
