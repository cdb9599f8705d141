import { expect } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { VERSION } from "../../../src/lib/version.ts";
import { PROGRAM, TARGET } from "../../support/binary.ts";
import { EMULATOR } from "../../support/emulation.ts";
import { needs } from "../../support/programs.ts";
import { makeRelease, serveFolder } from "../../support/install/release-server.ts";
import { runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const CVS = resolve(import.meta.dir, "../../../examples/cvs");

needs(
  "curl",
  "xz",
  "sha256sum",
  "tar",
)(
  "from an empty directory, in one line of shell: download, verify, run an import",
  async () => {
    using folder = tempFolder();
    const release = folder.file("release");
    await makeRelease({
      folder: release,
      version: VERSION,
      targets: [TARGET],
      program: readFileSync(PROGRAM),
    });
    await using server = await serveFolder(release);
    const archive = `nodupe-${VERSION}-${TARGET}.tar.xz`;
    const line = [
      `curl -fsSO ${server.url}/${archive}`,
      `curl -fsS ${server.url}/SHA256SUMS | sha256sum --check --ignore-missing --quiet`,
      `tar -xJf ${archive} nodupe`,
      `${[...EMULATOR, "./nodupe"].join(" ")} sync --bulk --sandbox --json "${CVS}"`,
    ].join(" && ");
    const empty = folder.file("empty");
    mkdirSync(empty);
    const run = await runCommand(["sh", "-c", line], {
      cwd: empty,
      env: { HOME: join(folder.path, "home"), NODUPE_SYNC_SETTLE: "0ms" },
    });
    expect(run.exitCode).toBe(0);
    const { found, uploaded, duplicate_local: duplicates, failed } = JSON.parse(run.stdout);
    expect({ failed, sum: uploaded + duplicates }).toEqual({ failed: 0, sum: found });
    expect(uploaded).toBeGreaterThan(0);
  },
  300_000,
);
