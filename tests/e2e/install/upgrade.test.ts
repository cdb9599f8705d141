import { expect, test } from "bun:test";
import {
  copyFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { compile, crossBuild, hostBuild } from "../../../build/compile.ts";
import { textEntry } from "../../../build/release/papers.ts";
import { hostTarget } from "../../../build/release/targets.ts";
import { VERSION } from "../../../src/lib/version.ts";
import { PROGRAM, TARGET } from "../../support/binary.ts";
import { EMULATOR } from "../../support/emulation.ts";
import { needs } from "../../support/programs.ts";
import { makeKey, makeRelease, serveFolder, smallProgram } from "../../support/install/release-server.ts";
import { type Run, runCommand } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const NEWER = "99.0.0";
const ARCHIVE = `nodupe-${NEWER}-${TARGET}.tar.gz`;

/** A copy of the binary in a folder of its own, and a server with a newer release. */
async function setUp(folder: TempFolder, binary = PROGRAM, version = NEWER) {
  const bin = folder.file("bin");
  mkdirSync(bin);
  const program = join(bin, "nodupe");
  copyFileSync(binary, program);
  chmodSync(program, 0o755);
  const release = folder.file("release");
  await makeRelease({ folder: release, version, targets: [TARGET] });
  const server = await serveFolder(release);
  const upgrade = (...args: string[]): Promise<Run> =>
    runCommand([...EMULATOR, program, "upgrade", "--from", server.url, ...args], {
      env: { HOME: folder.path },
    });
  const unchanged = (): boolean =>
    readdirSync(bin).length === 1 && statSync(program).size === statSync(binary).size;
  return { program, bin, release, server, upgrade, unchanged };
}

test("--check tells a newer version with 3 and changes nothing; an upgrade replaces the program", async () => {
  using folder = tempFolder();
  const { program, bin, server, upgrade, unchanged } = await setUp(folder);
  await using _server = server;
  const check = await upgrade("--check", "--json");
  const { elapsed_s, ...told } = JSON.parse(check.stdout);
  expect(elapsed_s).toBeGreaterThan(0);
  expect({ exitCode: check.exitCode, told }).toEqual({
    exitCode: 3,
    told: {
      current: VERSION,
      latest: NEWER,
      available: true,
      upgraded: false,
      signature: "unchecked",
      target: TARGET,
      path: program,
      url: `${server.url}/`,
      error: null,
    },
  });
  expect(server.requests).toEqual(["/SHA256SUMS"]);
  expect(unchanged()).toBe(true);

  const run = await upgrade();
  expect(run.stdout).toBe(`upgraded nodupe ${VERSION} to ${NEWER}\n`);
  expect(run.stderr).toContain("this build holds no release key");
  expect(run.exitCode).toBe(0);
  expect(readdirSync(bin)).toEqual(["nodupe"]);
  expect((await runCommand([program, "--version"])).stdout).toBe(`${NEWER}\n`);
});

test("man pages and completions come too, where the program lies in PREFIX/bin, whatever the umask", async () => {
  using folder = tempFolder();
  const { program, release, server } = await setUp(folder);
  await using _server = server;
  chmodSync(program, 0o755);
  const names = ["man/nodupe.1", "man/nodupe-sync.1", "completions/_nodupe", "man/passwd.1", "README.md"];
  const papers = names.map((name) => textEntry(name, `new ${name}\n`));
  await makeRelease({ folder: release, version: NEWER, targets: [TARGET], papers });
  mkdirSync(folder.file("share/man/man1"), { recursive: true });
  writeFileSync(folder.file("share/man/man1/nodupe.1"), "old", { mode: 0o600 });
  // A place that cannot be written: the program is upgraded all the same.
  writeFileSync(folder.file("share/zsh"), "no folder");
  const command = `umask 077; exec "$@"`;
  const args = [...EMULATOR, program, "upgrade", "--from", server.url];
  const run = await runCommand(["sh", "-c", command, "sh", ...args], { env: { HOME: folder.path } });
  expect([run.exitCode, run.stdout]).toEqual([0, `upgraded nodupe ${VERSION} to ${NEWER}\n`]);
  expect(run.stderr).toContain(`${folder.file("share/zsh/site-functions/_nodupe")} could not be written`);
  const files = await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: folder.file("share") }));
  expect(files.toSorted()).toEqual(["man/man1/nodupe-sync.1", "man/man1/nodupe.1", "zsh"]);
  expect(readFileSync(folder.file("share/man/man1/nodupe.1"), "utf8")).toBe("new man/nodupe.1\n");
  expect(statSync(folder.file("share/man/man1/nodupe-sync.1")).mode & 0o777).toBe(0o644);
  expect(statSync(program).mode & 0o777).toBe(0o755);
});

test("the same version is up to date, and an older one is never gone back to", async () => {
  for (const version of [VERSION, "0.0.1"]) {
    using folder = tempFolder();
    const { server, upgrade, unchanged } = await setUp(folder, PROGRAM, version);
    await using _server = server;
    const run = await upgrade();
    expect({ exitCode: run.exitCode, stdout: run.stdout }).toEqual({
      exitCode: 0,
      stdout: `nodupe ${VERSION} is up to date\n`,
    });
    expect(server.requests).toEqual(["/SHA256SUMS"]);
    expect(unchanged()).toBe(true);
  }
});

test("a wrong checksum, a cut download, a program that does not run: nothing is changed", async () => {
  using folder = tempFolder();
  const { server, release, upgrade, unchanged } = await setUp(folder);
  await using _server = server;
  const archive = join(release, ARCHIVE);
  const whole = readFileSync(archive);
  writeFileSync(archive, Buffer.concat([whole, Buffer.from("more")]));
  const wrong = await upgrade("--json");
  expect(wrong.exitCode).toBe(1);
  expect(JSON.parse(wrong.stdout)).toMatchObject({ upgraded: false, latest: NEWER, available: true });
  expect(wrong.stderr).toContain(`${ARCHIVE} has the wrong checksum: found `);
  expect(unchanged()).toBe(true);

  await makeRelease({
    folder: release,
    version: NEWER,
    targets: [TARGET],
    program: smallProgram(NEWER, 300_000),
  });
  server.cut.add(ARCHIVE);
  const cut = await upgrade();
  expect(cut.exitCode).toBe(4);
  expect(cut.stderr).toContain(`cannot download ${server.url}/${ARCHIVE}: `);
  expect(unchanged()).toBe(true);
  server.cut.clear();

  const programs = {
    "exit 132": "does not run on this machine",
    "echo 98.0.0": `says that it is 98.0.0, expected ${NEWER}`,
  };
  for (const [line, says] of Object.entries(programs)) {
    await makeRelease({
      folder: release,
      version: NEWER,
      targets: [TARGET],
      program: Buffer.from(`#!/bin/sh\n${line}\n`),
    });
    const run = await upgrade();
    expect(run.stderr).toContain(says);
    expect(run.exitCode).toBe(1);
    expect(unchanged()).toBe(true);
  }
});

test("no address, a wrong one, nothing there, nothing for this machine", async () => {
  using folder = tempFolder();
  const { program, release, server, unchanged } = await setUp(folder);
  const run = (...args: string[]): Promise<Run> =>
    runCommand([...EMULATOR, program, "upgrade", ...args], { env: { HOME: folder.path } });
  const none = await run("--json");
  expect({ exitCode: none.exitCode, stdout: none.stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(none.stderr).toContain("there is no address to upgrade from");
  expect((await run("--from", "http://example.org")).exitCode).toBe(2);
  await makeRelease({ folder: release, version: NEWER, targets: ["darwin-arm64"] });
  const other = await run("--from", server.url);
  expect(other.stderr).toContain(`has no nodupe for ${TARGET}`);
  expect(other.exitCode).toBe(1);
  expect((await run("--from", `${server.url}/absent`)).exitCode).toBe(4);
  await server[Symbol.asyncDispose]();
  const gone = await run("--from", server.url, "--json");
  expect(gone.exitCode).toBe(4);
  expect(JSON.parse(gone.stdout)).toMatchObject({ upgraded: false, latest: null, available: null });
  expect(unchanged()).toBe(true);
});

needs("setpriv")("no rights to replace the program: exit 5, nothing changed", async () => {
  using folder = tempFolder();
  const { program, bin, server, unchanged } = await setUp(folder);
  await using _server = server;
  const isRoot = process.getuid?.() === 0;
  chmodSync(folder.path, 0o755);
  chmodSync(bin, isRoot ? 0o755 : 0o555);
  const other = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const run = await runCommand([...other, ...EMULATOR, program, "upgrade", "--from", server.url], {
    env: { HOME: folder.path },
  });
  chmodSync(bin, 0o755);
  expect(run.stderr).toContain(`not permitted to write in ${bin}`);
  expect(run.exitCode).toBe(5);
  expect(unchanged()).toBe(true);
});

test("a binary that holds a key takes only what that key has signed", async () => {
  using folder = tempFolder();
  const key = makeKey(folder.file("key.pem"));
  const signed = folder.file("signed/nodupe");
  const build = TARGET === hostTarget() ? hostBuild() : await crossBuild(TARGET);
  await compile({ ...build, publicKey: key.publicKey }, signed);
  const { program, server, release, upgrade } = await setUp(folder, signed);
  await using _server = server;
  const unsigned = await upgrade();
  expect(unsigned.stderr).toContain("is not signed, expected SHA256SUMS.sig");
  const sums = readFileSync(join(release, "SHA256SUMS"));
  const foreign = makeKey(folder.file("foreign.pem")).sign(sums);
  for (const signature of [foreign, Buffer.alloc(64), Buffer.from("short")]) {
    writeFileSync(join(release, "SHA256SUMS.sig"), signature);
    const run = await upgrade();
    expect(run.stderr).toContain("it is not from who publishes nodupe; nothing was changed");
    expect(run.exitCode).toBe(1);
  }
  expect((await runCommand([...EMULATOR, program, "--version"])).stdout).toBe(`${VERSION}\n`);
  writeFileSync(join(release, "SHA256SUMS.sig"), key.sign(sums));
  const run = await upgrade("--json");
  expect(JSON.parse(run.stdout)).toMatchObject({ upgraded: true, signature: "verified" });
  expect((await runCommand([program, "--version"])).stdout).toBe(`${NEWER}\n`);
});
