// What install.sh takes of a release: which version, which files of it, and with which modes.
import { expect } from "bun:test";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { textEntry } from "../../../build/release/papers.ts";
import { hostTarget } from "../../../build/release/targets.ts";
import { paperPlace } from "../../../src/upgrade/papers.ts";
import { needs } from "../../support/programs.ts";
import { makeRelease, serveFolder, writeSums } from "../../support/install/release-server.ts";
import { type Run, runCommand } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const SCRIPT = join(import.meta.dir, "../../../install.sh");
const SHELLS: readonly (readonly [string, ...string[]])[] = [["dash"], ["busybox", "ash"]];

const archive = (version: string): string => `nodupe-${version}-${hostTarget()}.tar.xz`;

/** Everything below a folder but folders, by its path. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: folder, onlyFiles: true, dot: true }));
  return found.toSorted();
}

/** A release whose archive tar makes of the folder `made`. */
async function archiveOf(folder: TempFolder, members: readonly string[]): Promise<void> {
  mkdirSync(folder.file("release"), { recursive: true });
  const path = folder.file("release", archive("1.2.3"));
  const made = await runCommand(["tar", "-cJPf", path, "-C", folder.file("made"), ...members]);
  expect(made.stderr).toBe("");
  writeSums(folder.file("release"), [archive("1.2.3")]);
}

for (const shell of SHELLS) {
  const named = shell.join(" ");
  const install = (url: string, prefix: string, ...args: string[]): Promise<Run> =>
    runCommand([...shell, SCRIPT, "--from", url, "--prefix", prefix, ...args]);

  needs(
    shell[0],
    "curl",
    "xz",
  )(`${named}: a pre-release or an older version only where it is named`, async () => {
    using folder = tempFolder();
    const release = folder.file("release");
    const versions = ["1.9.0", "1.10.0", "1.11.0-rc.2", "1.11.0-rc.10"];
    for (const version of versions) await makeRelease({ folder: release, version });
    writeSums(release, versions.map(archive));
    await using server = await serveFolder(release);
    const prefix = folder.file("place");
    const installed = async (): Promise<string> =>
      (await runCommand([join(prefix, "bin/nodupe"), "--version"])).stdout.trim();

    expect((await install(server.url, prefix)).exitCode).toBe(0);
    expect(await installed()).toBe("1.10.0");
    expect((await install(server.url, prefix, "--version", "1.11.0-rc.10")).exitCode).toBe(0);
    expect(await installed()).toBe("1.11.0-rc.10");
    const older = await install(server.url, prefix);
    expect(older.exitCode).toBe(1);
    expect(older.stderr).toEndWith(
      `install.sh: nodupe 1.11.0-rc.10 is installed, and ${server.url} has only 1.10.0, which is older; to go back, name it: --version 1.10.0 (nothing was changed)\n`,
    );
    expect(await installed()).toBe("1.11.0-rc.10");
    expect((await install(server.url, prefix, "--version", "1.9.0")).exitCode).toBe(0);
    expect(await installed()).toBe("1.9.0");

    // Nothing but pre-releases: none is taken unasked.
    writeSums(release, [archive("1.11.0-rc.2")]);
    const none = await install(server.url, folder.file("elsewhere"));
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining("has no nodupe for")]);
  });

  needs(
    shell[0],
    "curl",
    "xz",
  )(`${named}: of an archive the known papers alone, readable for all under any umask`, async () => {
    using folder = tempFolder();
    const papers = [
      "man/nodupe.1",
      "man/nodupe-sync.1",
      "man/nodupe-history-forget.1",
      "completions/nodupe.bash",
      "completions/_nodupe",
      "completions/nodupe.fish",
    ];
    const unknown = [
      "README.md",
      "man/passwd.1",
      "man/nodupe-.1",
      "completions/git.bash",
      "bin/nodupe",
      "x/man/nodupe.1",
    ];
    const entries = [...papers, ...unknown].map((name) => textEntry(name, `${name}\n`));
    await makeRelease({ folder: folder.file("release"), version: "1.2.3", papers: entries });
    await using server = await serveFolder(folder.file("release"));
    const prefix = folder.file("place");
    const command = `umask "$1"; shift; exec "$@"`;
    for (const umask of ["077", "000"]) {
      const line = [...shell, SCRIPT, "--from", server.url, "--prefix", prefix];
      const run = await runCommand(["sh", "-c", command, "sh", umask, ...line]);
      expect(run.stderr).toContain("installed nodupe 1.2.3");
      const files = await filesIn(prefix);
      const places = papers.map((name) => `share/${paperPlace(name)}`);
      expect(files).toEqual(["bin/nodupe", ...places].toSorted());
      for (const file of files) {
        const mode = (path: string): number => statSync(join(prefix, path)).mode & 0o777;
        expect([file, mode(file), mode(dirname(file))]).toEqual([
          file,
          file === "bin/nodupe" ? 0o755 : 0o644,
          0o755,
        ]);
      }
      const gone = await runCommand([...shell, SCRIPT, "--prefix", prefix, "--uninstall"]);
      expect(gone.exitCode).toBe(0);
      expect(await filesIn(prefix)).toEqual([]);
    }
  });

  needs(
    shell[0],
    "curl",
    "xz",
    "tar",
  )(`${named}: an archive with a link in it is refused whole`, async () => {
    using folder = tempFolder();
    const made = folder.file("made");
    mkdirSync(join(made, "man"), { recursive: true });
    writeFileSync(folder.file("mine"), "mine\n");
    writeFileSync(join(made, "nodupe"), "#!/bin/sh\necho 1.2.3\n", { mode: 0o755 });
    symlinkSync(folder.file("mine"), join(made, "man/nodupe.1"));
    symlinkSync("/bin/sh", join(made, "other"));
    symlinkSync(folder.path, join(made, "completions"));
    await using server = await serveFolder(folder.file("release"));
    for (const members of [
      ["nodupe", "man/nodupe.1"],
      ["nodupe", "other"],
      ["completions", "nodupe"],
    ]) {
      await archiveOf(folder, members);
      const run = await install(server.url, folder.file("place"));
      expect(run.stderr).toContain("it holds a link or a device\n");
      expect(run.stderr).toEndWith(
        "cannot be unpacked in " + `${folder.file("place/bin")}; nothing was changed\n`,
      );
      expect(run.exitCode).toBe(1);
    }
    expect(await filesIn(folder.path)).toEqual(
      expect.not.arrayContaining([expect.stringContaining("place")]),
    );
    expect(readFileSync(folder.file("mine"), "utf8")).toBe("mine\n");
  });
}
