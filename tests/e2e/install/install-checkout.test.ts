import { existsSync, statSync } from "node:fs";
import { expect } from "bun:test";
import { join, resolve } from "node:path";
import { VERSION } from "../../../src/lib/version.ts";
import { needs } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const SCRIPT = join(ROOT, "install.sh");

/** A checkout of its own: the build replaces its dist/, and where packages do not fit the lockfile, its node_modules/. */
async function copyCheckout(folder: string): Promise<void> {
  const copy = `git ls-files -z --deduplicate | xargs -0 cp --parents -t "$1" &&
    { cp -al node_modules "$1" 2>/dev/null || cp -a node_modules "$1"; } && touch "$1/node_modules/.package-lock.json"`;
  const run = await runCommand(["sh", "-c", copy, "copy", folder], { cwd: ROOT });
  expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "" });
}

for (const shell of [["dash"], ["busybox", "ash"]] as const) {
  needs(shell[0], "npm", "git")(
    `${shell.join(" ")}: from a checkout it builds, installs to ~/.local/bin, and uploads the example CVs`,
    async () => {
      using home = tempFolder();
      using checkout = tempFolder();
      await copyCheckout(checkout.path);
      // node_modules is the checkout's own: nothing is fetched, whatever HOME is.
      const line = `${shell.join(" ")} ${checkout.path}/install.sh && ~/.local/bin/nodupe sync --bulk --sandbox --json ${checkout.path}/examples/cvs`;
      const run = await runCommand(["sh", "-c", line], { cwd: home.path, env: { HOME: home.path } });
      expect(run.stderr).toContain(`installed nodupe ${VERSION} to ${home.path}/.local/bin/nodupe\n`);
      expect(run.exitCode).toBe(0);
      expect(JSON.parse(run.stdout)).toMatchObject({ failed: 0, interrupted: false });
      expect(statSync(home.file(".local/bin/nodupe")).mode & 0o777).toBe(0o755);
      expect(existsSync(home.file(".local/share/man/man1/nodupe.1"))).toBe(true);
    },
    300_000,
  );
}

needs("dash")("from a checkout a version cannot be asked for without an address", async () => {
  using home = tempFolder();
  const run = await runCommand(["dash", SCRIPT, "--version", "1.2.3"], { env: { HOME: home.path } });
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toContain("--version needs a release to download");
  expect(existsSync(home.file(".local"))).toBe(false);
});
