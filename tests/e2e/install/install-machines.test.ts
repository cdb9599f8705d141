// Machines that there is no nodupe for: install.sh says so, and how to mend it, before anything is downloaded or built.
import { expect } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../../support/programs.ts";
import { makeRelease, serveFolder } from "../../support/install/release-server.ts";
import { type Run, runCommand } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const SCRIPT = join(import.meta.dir, "../../../install.sh");
const SHELLS: readonly (readonly [string, ...string[]])[] = [["dash"], ["busybox", "ash"]];

/** A PATH on which the machine is `machine`, its programs have `bits`, and npm would be seen. */
function pathOf(folder: TempFolder, machine: string, bits: number): string {
  const fake = folder.file(`${machine}-${bits}`);
  mkdirSync(fake);
  const program = (name: string, text: string): void =>
    writeFileSync(join(fake, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program("uname", `case "$1" in -s) echo Linux ;; *) echo ${machine} ;; esac`);
  program("getconf", `echo ${bits}`);
  program("npm", `echo npm >>"${folder.file("npm-was-called")}"`);
  return `${fake}:${process.env["PATH"] ?? ""}`;
}

const cure = (why: string): Run => ({
  exitCode: 1,
  stdout: "",
  stderr: `install.sh: nodupe is 64-bit only, and this system is 32-bit (${why}): install a 64-bit system (a Raspberry Pi 3, 4, 5 or Zero 2 W runs the 64-bit Raspberry Pi OS); nothing was changed\n`,
});

for (const shell of SHELLS) {
  needs(shell[0])(
    `${shell.join(" ")}: a 32-bit system is told what to do, before anything is done`,
    async () => {
      using folder = tempFolder();
      await makeRelease({ folder: folder.file("release"), version: "1.2.3" });
      await using server = await serveFolder(folder.file("release"));
      mkdirSync(folder.file("home"));
      // A checkout without packages.
      mkdirSync(folder.file("checkout/src"), { recursive: true });
      mkdirSync(folder.file("checkout/build"));
      for (const file of ["package-lock.json", "src/main.ts", "build/compile.ts"])
        writeFileSync(folder.file("checkout", file), "");
      await Bun.write(folder.file("checkout/install.sh"), Bun.file(SCRIPT));
      chmodSync(folder.file("checkout/install.sh"), 0o755);
      for (const [machine, bits, why] of [
        ["armv7l", 32, "armv7l"],
        ["armv6l", 32, "armv6l"],
        ["i686", 32, "i686"],
        ["armv8l", 32, "its kernel is 64-bit, its programs are not"],
        ["aarch64", 32, "its kernel is 64-bit, its programs are not"],
      ] as const) {
        const env = { HOME: folder.file("home"), PATH: pathOf(folder, machine, bits) };
        expect(await runCommand([...shell, SCRIPT, "--from", server.url], { env })).toEqual(cure(why));
        expect(await runCommand([...shell, folder.file("checkout/install.sh")], { env })).toEqual(cure(why));
      }
      expect(server.requests).toEqual([]);
      expect(readdirSync(folder.file("home"))).toEqual([]);
      expect(readdirSync(folder.path)).not.toContain("npm-was-called");
    },
  );
}
