import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { VERSION } from "../../src/lib/version.ts";
import { copyTree } from "../../build/copy-tree.ts";
import { hostTarget } from "../../build/release/targets.ts";
import { makeKey } from "../support/install/release-server.ts";
import { needs } from "../support/programs.ts";
import { type Run, runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";

const ROOT = resolve(import.meta.dir, "../..");
const TARGET = hostTarget();
const ARCHIVE = `nodupe-${VERSION}-${TARGET}.tar.xz`;
const DEBIAN: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
const TIMEOUT_MS = 300_000;

function release(root: string, ...args: string[]): Promise<Run> {
  return runCommand(
    [process.execPath, join(root, "build/release.ts"), "--target", TARGET, "--level", "0", ...args],
    {
      env: { SOURCE_DATE_EPOCH: "1700000000" },
    },
  );
}

needs("xz", "openssl", "tar")(
  "a release for this machine: the same bytes from two folders, signed, and with nothing of this machine in it",
  async () => {
    using folder = tempFolder();
    makeKey(folder.file("key.pem"));
    for (const name of ["one", "other/deeper"]) {
      copyTree(folder.file(name));
      const run = await release(
        folder.file(name),
        "--key",
        folder.file("key.pem"),
        "--out",
        folder.file(name, "out"),
      );
      expect(run.stderr).toContain("SHA256SUMS is signed");
      expect({ exitCode: run.exitCode, stdout: run.stdout }).toEqual({
        exitCode: 0,
        stdout: `${folder.file(name, "out")}\n`,
      });
    }
    const out = folder.file("one/out");
    const names = readdirSync(out).toSorted();
    const architecture = DEBIAN[process.arch] ?? "";
    expect(names.filter((name) => !name.endsWith(".oci.tar"))).toEqual(
      [
        ARCHIVE,
        ARCHIVE.replace(/xz$/, "gz"),
        `nodupe_${VERSION}_${architecture}.deb`,
        "SHA256SUMS",
        "SHA256SUMS.sig",
        "install.sh",
      ].toSorted(),
    );
    // The image needs Debian's libc6: tests/fresh covers it, and says if it is not available.
    const listed = readFileSync(join(out, "SHA256SUMS"), "utf8").matchAll(/^[0-9a-f]{64}  (.+)$/gm);
    expect([...listed].map(([, name]) => name)).toEqual(
      names.filter((name) => !name.startsWith("SHA256SUMS")),
    );
    const different = names.filter(
      (name) => !readFileSync(join(out, name)).equals(readFileSync(folder.file("other/deeper/out", name))),
    );
    expect(different).toEqual([]);

    const checked = await runCommand(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: out });
    expect(checked).toEqual({ exitCode: 0, stdout: "", stderr: "" });

    const unpacked = folder.file("unpacked");
    mkdirSync(unpacked);
    await runCommand(["tar", "-xJf", join(out, ARCHIVE), "-C", unpacked]);
    const files = await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: unpacked, onlyFiles: true }));
    expect(files).toContain("nodupe");
    for (const paper of [
      "LICENSE",
      "THIRD-PARTY-LICENCES.txt",
      "sbom.cdx.json",
      "man/nodupe.1",
      "completions/nodupe.bash",
      "completions/_nodupe",
      "completions/nodupe.fish",
    ]) {
      expect(files).toContain(paper);
    }
    expect((await runCommand([join(unpacked, "nodupe"), "--version"])).stdout).toBe(`${VERSION}\n`);

    // Bun's own runtime contains words like "unknown" and paths like /root/, which reveal nothing about this
    // machine.
    const { username, homedir } = userInfo();
    const runtime = readFileSync(process.execPath);
    const marks = [folder.path, ROOT, `${homedir}/`, hostname(), username].filter(
      (mark) => mark.length > 5 && !runtime.includes(mark),
    );
    expect(marks).toContain(folder.path);
    const found = files.flatMap((file) => {
      const content = readFileSync(join(unpacked, file));
      return marks.filter((mark) => content.includes(mark)).map((mark) => `${file}: ${mark}`);
    });
    expect(found).toEqual([]);
  },
  TIMEOUT_MS,
);

test("an invalid key or an unknown target ends with a clear line", async () => {
  using folder = tempFolder();
  await Bun.write(folder.file("key.pem"), "no key");
  const wrongKey = await release(ROOT, "--key", folder.file("key.pem"), "--out", folder.file("out"));
  expect(wrongKey.exitCode).toBe(1);
  const wrongTarget = await release(ROOT, "--target", "amiga", "--out", folder.file("out"));
  expect(wrongTarget).toMatchObject({ exitCode: 1, stdout: "" });
  expect(wrongTarget.stderr).toStartWith("release: unknown target amiga, expected one of linux-arm64, ");
});
