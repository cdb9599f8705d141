import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { hostTarget } from "../../../build/release/targets.ts";
import { VERSION } from "../../../src/lib/version.ts";
import { PROGRAM, TARGET } from "../../support/binary.ts";
import { needsExecution } from "../../support/programs.ts";
import { makeRelease, serveFolder } from "../../support/install/release-server.ts";
import { runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const CVS = resolve(import.meta.dir, "../../../examples/cvs");

/** A PATH on which this machine, where it emulates another kind, says that it is one. */
function pathOf(folder: string): string {
  const path = process.env["PATH"] ?? "";
  if (TARGET === hostTarget()) return path;
  const machine = TARGET.includes("arm64") ? "aarch64" : "x86_64";
  const text = `#!/bin/sh\ncase "$1" in -s) echo Linux ;; *) echo ${machine} ;; esac\n`;
  mkdirSync(folder);
  writeFileSync(join(folder, "uname"), text, { mode: 0o755 });
  return `${folder}:${path}`;
}

for (const shell of [["dash"], ["busybox", "ash"]] as const) {
  needsExecution(shell[0], "curl", "xz")(
    `${shell.join(" ")}: install.sh takes this kind of machine's program, and it uploads`,
    async () => {
      using folder = tempFolder();
      const release = folder.file("release");
      const program = readFileSync(PROGRAM);
      await makeRelease({ folder: release, version: VERSION, targets: [TARGET], program });
      await using server = await serveFolder(release);
      const home = folder.file("home");
      const env = { HOME: home, PATH: pathOf(folder.file("fake")), NODUPE_SYNC_SETTLE: "0ms" };
      const script = join(release, "install.sh");
      const installed = await runCommand([...shell, script, "--from", server.url], { env });
      expect(installed.stderr).toContain(`downloading nodupe-${VERSION}-${TARGET}.tar.xz\n`);
      expect(installed.stderr).toContain(`installed nodupe ${VERSION} to ${home}/.local/bin/nodupe\n`);
      expect(installed.exitCode).toBe(0);
      expect(readFileSync(join(home, ".local/bin/nodupe")).equals(program)).toBe(true);
      const line = `~/.local/bin/nodupe sync --bulk --sandbox --json "${CVS}"`;
      const run = await runCommand(["sh", "-c", line], { cwd: folder.path, env });
      expect(run.exitCode).toBe(0);
      expect(JSON.parse(run.stdout)).toMatchObject({ failed: 0, interrupted: false });
    },
    300_000,
  );
}
