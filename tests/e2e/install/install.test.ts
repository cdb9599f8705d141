import { expect } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { hostTarget } from "../../../build/release/targets.ts";
import { needs } from "../../support/programs.ts";
import {
  makeKey,
  makeRelease,
  type ReleaseServer,
  serveFolder,
  smallProgram,
} from "../../support/install/release-server.ts";
import { type Run, runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { toolPath } from "../../support/install/tool-path.ts";

const SHELLS: readonly (readonly [string, ...string[]])[] = [["dash"], ["busybox", "ash"]];

/** A folder of releases at version 1.2.3, signed, with a server; `place` is where to install to. */
async function setUp(folder: string, program?: Uint8Array) {
  const release = join(folder, "release");
  const key = makeKey(join(folder, "key.pem"));
  await makeRelease({
    folder: release,
    version: "1.2.3",
    key,
    ...(program === undefined ? {} : { program }),
  });
  const server = await serveFolder(release);
  return { release, key, server, script: join(release, "install.sh"), prefix: join(folder, "place") };
}

function putOld(prefix: string): string {
  const path = join(prefix, "bin/nodupe");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\necho old\n", { mode: 0o755 });
  return path;
}

/** Nothing but the old program is in the folder, and it is the old one. */
function expectUntouched(prefix: string): void {
  expect(readdirSync(join(prefix, "bin"))).toEqual(["nodupe"]);
  expect(readFileSync(join(prefix, "bin/nodupe"), "utf8")).toBe("#!/bin/sh\necho old\n");
}

function install(
  shell: readonly string[],
  script: string,
  server: ReleaseServer | null,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Run> {
  const from = server === null ? [] : ["--from", server.url];
  return runCommand([...shell, script, ...from, ...args], { env });
}

for (const shell of SHELLS) {
  const named = shell.join(" ");

  for (const [downloader, unpacker] of [
    ["curl", "xz"],
    ["wget", "xz"],
    ["curl", "gzip"],
    ["wget", "gzip"],
  ] as const) {
    needs(
      shell[0],
      downloader,
      unpacker,
      "openssl",
    )(
      `${named}, ${downloader}, ${unpacker}: downloads, verifies, replaces, says what is not on PATH`,
      async () => {
        using folder = tempFolder();
        const { server, script, prefix } = await setUp(folder.path);
        await using _server = server;
        const old = putOld(prefix);
        const before = statSync(old).ino;
        const path = toolPath(folder.file("tools"), downloader, unpacker, "openssl", shell[0]);
        const run = await install(shell, script, server, ["--prefix", prefix], { PATH: path });
        const suffix = unpacker === "xz" ? "xz" : "gz";
        const archive = `nodupe-1.2.3-${hostTarget()}.tar.${suffix}`;
        expect(run).toEqual({
          exitCode: 0,
          stdout: "",
          stderr: `downloading ${archive}\ninstalled nodupe 1.2.3 to ${prefix}/bin/nodupe\nnote: ${prefix}/bin is not on PATH; add it with: export PATH="${prefix}/bin:$PATH"\n`,
        });
        expect(server.requests).toEqual(["/SHA256SUMS", "/SHA256SUMS.sig", `/${archive}`]);
        expect(readdirSync(join(prefix, "bin"))).toEqual(["nodupe"]);
        expect(statSync(old).ino).not.toBe(before);
        expect(await runCommand([old, "--version"])).toEqual({ exitCode: 0, stdout: "1.2.3\n", stderr: "" });
        expect(existsSync(join(prefix, "share/man/man1/nodupe.1"))).toBe(true);
        expect(existsSync(join(prefix, "share/bash-completion/completions/nodupe"))).toBe(true);
      },
    );
  }

  needs(
    shell[0],
    "curl",
    "xz",
  )(`${named}: a wrong checksum changes nothing`, async () => {
    using folder = tempFolder();
    const { server, release, script, prefix } = await setUp(folder.path);
    await using _server = server;
    putOld(prefix);
    for (const suffix of ["xz", "gz"]) {
      const archive = join(release, `nodupe-1.2.3-${hostTarget()}.tar.${suffix}`);
      const bytes = readFileSync(archive);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(archive, bytes);
    }
    const run = await install(shell, script, server, ["--prefix", prefix]);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("has the wrong checksum: found ");
    expectUntouched(prefix);
  });

  needs(
    shell[0],
    "curl",
    "xz",
    "openssl",
  )(`${named}: a wrong, a foreign and a missing signature change nothing`, async () => {
    using folder = tempFolder();
    const { server, release, script, prefix } = await setUp(folder.path);
    await using _server = server;
    putOld(prefix);
    const sums = readFileSync(join(release, "SHA256SUMS"));
    const foreign = makeKey(folder.file("foreign.pem")).sign(sums);
    for (const signature of [foreign, Buffer.alloc(64), Buffer.from("short")]) {
      writeFileSync(join(release, "SHA256SUMS.sig"), signature);
      const run = await install(shell, script, server, ["--prefix", prefix]);
      expect(run.exitCode).toBe(1);
      expect(run.stderr).toContain("not from who publishes nodupe; nothing was changed");
      expectUntouched(prefix);
    }
    await Bun.file(join(release, "SHA256SUMS.sig")).delete();
    const run = await install(shell, script, server, ["--prefix", prefix]);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("is not signed");
    expectUntouched(prefix);
  });

  needs(
    shell[0],
    "curl",
    "wget",
    "xz",
  )(`${named}: a download that is cut off changes nothing`, async () => {
    using folder = tempFolder();
    const { server, script, prefix } = await setUp(folder.path, smallProgram("1.2.3", 400_000));
    await using _server = server;
    putOld(prefix);
    server.cut.add(`nodupe-1.2.3-${hostTarget()}.tar.xz`);
    for (const downloader of ["curl", "wget"]) {
      const path = toolPath(folder.file(`tools-${downloader}`), downloader, "xz", shell[0]);
      const run = await install(shell, script, server, ["--prefix", prefix], { PATH: path });
      expect(run.exitCode).toBe(1);
      expect(run.stderr).toContain("was not downloaded whole");
      expectUntouched(prefix);
    }
  });

  needs(
    shell[0],
    "curl",
    "xz",
    "unshare",
    "mount",
  )(`${named}: no space, for the archive and for the program, changes nothing`, async () => {
    using folder = tempFolder();
    const { server, script, prefix } = await setUp(folder.path, smallProgram("1.2.3", 3_500_000));
    await using _server = server;
    mkdirSync(prefix);
    const namespace = process.getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];
    for (const megabytes of [2, 5]) {
      // In a mount namespace of its own: the small disk goes away with the shell.
      const inside = `mount -t tmpfs -o size=${megabytes}m tmpfs "$1" && mkdir "$1/bin" && echo old >"$1/bin/nodupe" || exit 99
        ${named} "$2" --from "$3" --prefix "$1"; code=$?
        ls -A "$1/bin"; cat "$1/bin/nodupe"; exit $code`;
      const run = await runCommand([...namespace, "sh", "-c", inside, "sh", prefix, script, server.url]);
      expect(run.stdout).toBe("nodupe\nold\n");
      expect(run.exitCode).toBe(1);
      expect(run.stderr).toContain(`no space left in ${prefix}/bin`);
    }
  });

  needs(
    shell[0],
    "curl",
    "xz",
    "setpriv",
  )(`${named}: no rights: exit 5, nothing changed`, async () => {
    using folder = tempFolder();
    const { server, script, prefix } = await setUp(folder.path);
    await using _server = server;
    putOld(prefix);
    const isRoot = process.getuid?.() === 0;
    chmodSync(folder.path, 0o755);
    chmodSync(join(prefix, "bin"), isRoot ? 0o755 : 0o555);
    const other = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
    const run = await install([...other, ...shell], script, server, ["--prefix", prefix]);
    chmodSync(join(prefix, "bin"), 0o755);
    expect(run).toEqual({
      exitCode: 5,
      stdout: "",
      stderr: `install.sh: not permitted to write in ${prefix}/bin; install elsewhere with --prefix, or run as a user who may\n`,
    });
    expectUntouched(prefix);
  });

  needs(
    shell[0],
    "curl",
    "xz",
  )(`${named}: architectures, versions and programs that do not fit`, async () => {
    using folder = tempFolder();
    const { server, script, release, key, prefix } = await setUp(folder.path);
    await using _server = server;
    putOld(prefix);
    const fake = folder.file("fake");
    mkdirSync(fake);
    const withUname = async (system: string, machine: string): Promise<Run> => {
      const text = `#!/bin/sh\ncase "$1" in -s) echo ${system} ;; *) echo ${machine} ;; esac\n`;
      writeFileSync(join(fake, "uname"), text, { mode: 0o755 });
      const path = `${fake}:${process.env["PATH"] ?? ""}`;
      return install(shell, script, server, ["--prefix", prefix], { PATH: path });
    };
    expect((await withUname("Linux", "riscv64")).stderr).toBe(
      "install.sh: there is no nodupe for the architecture riscv64, expected x86_64 or aarch64; nothing was changed\n",
    );
    expect((await withUname("SunOS", "x86_64")).stderr).toContain("there is no nodupe for SunOS");
    expect((await withUname("Darwin", "arm64")).stderr).toContain("has no nodupe for darwin-arm64");
    const absent = await install(shell, script, server, ["--prefix", prefix, "--version", "9.9.9"]);
    expect(absent.stderr).toContain("has no nodupe 9.9.9 for");
    expectUntouched(prefix);

    await makeRelease({ folder: release, version: "1.2.3", key, program: smallProgram("1.2.2") });
    const other = await install(shell, script, server, ["--prefix", prefix]);
    expect(other.stderr).toContain(
      "the new nodupe says that it is 1.2.2, expected 1.2.3; nothing was changed",
    );
    await makeRelease({
      folder: release,
      version: "1.2.3",
      key,
      program: Buffer.from("#!/bin/sh\nexit 132\n"),
    });
    const broken = await install(shell, script, server, ["--prefix", prefix]);
    expect(broken.stderr).toContain("the new nodupe does not run on this machine; nothing was changed");
    expectUntouched(prefix);
    expect([absent, other, broken].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
  });

  needs(shell[0], "curl", "xz")(
    `${named}: --version takes the newest, a named one, an older one below the base`,
    async () => {
      using folder = tempFolder();
      const { server, script, release, key, prefix } = await setUp(folder.path);
      await using _server = server;
      await makeRelease({ folder: join(release, "1.0.0"), version: "1.0.0", key });
      const installed = async (...args: string[]): Promise<string> => {
        const run = await install(shell, script, server, ["--prefix", `${prefix}/bin`, ...args]);
        expect(run.exitCode).toBe(0);
        return (await runCommand([join(prefix, "bin/nodupe"), "--version"])).stdout;
      };
      expect(await installed("--version", "1.0.0")).toBe("1.0.0\n");
      expect(await installed()).toBe("1.2.3\n");
      expect(await installed()).toBe("1.2.3\n");
      expect(await installed("--version=v1.0.0")).toBe("1.0.0\n");
      expect(await installed("--version", "1.2.3")).toBe("1.2.3\n");
    },
    60_000,
  );

  needs(
    shell[0],
    "curl",
    "xz",
  )(`${named}: --uninstall removes what was installed, and is content when nothing is there`, async () => {
    using folder = tempFolder();
    const { server, script, prefix } = await setUp(folder.path);
    await using _server = server;
    await install(shell, script, server, ["--prefix", prefix]);
    const run = await install(shell, script, null, ["--prefix", prefix, "--uninstall"]);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toStartWith(`removed ${prefix}/bin/nodupe; `);
    expect(await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: prefix, onlyFiles: true }))).toEqual([]);
    const again = await install(shell, script, null, ["--prefix", prefix, "--uninstall"]);
    expect(again).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: `there is no nodupe in ${prefix}/bin: nothing to remove\n`,
    });
  });

  needs(
    shell[0],
    "curl",
    "xz",
  )(`${named}: usage errors end with 2, an unreachable server with 4`, async () => {
    using folder = tempFolder();
    const { server, release, prefix } = await setUp(folder.path);
    const script = folder.file("install.sh");
    copyFileSync(join(release, "install.sh"), script);
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const cases: readonly (readonly [exitCode: number, args: readonly string[], says: string])[] = [
      [2, [], "there is no address to download from: give one with --from URL or NODUPE_BASE_URL"],
      [2, ["--frm", "x"], "unknown argument --frm"],
      [2, ["--from"], "--from needs a value"],
      [2, ["--version", "latest"], "expected a version such as 1.2.3"],
      [2, ["--version", "1/../2", "--from", url], "expected a version such as 1.2.3"],
      [2, ["--from", "ftp://example.org"], "expected a URL that begins with https://"],
      [2, ["--from", "http://example.org/x"], "expected https (plain http only to loopback)"],
      [2, ["--from", "http://127.0.0.1.example.org/x"], "expected https"],
      [2, ["--from", "http://127.0.0.1@example.org/x"], "expected https"],
      [2, ["--from", "http://localhost.example.org"], "expected https"],
      [4, ["--from", url], `could not be downloaded from ${url}/SHA256SUMS`],
    ];
    for (const [exitCode, args, says] of cases) {
      const run = await install(shell, script, null, [...args, "--prefix", prefix]);
      expect(run.stderr).toContain(says);
      expect(run.exitCode).toBe(exitCode);
      expect(readdirSync(folder.path)).not.toContain(".nodupe-install");
    }
    expect((await runCommand([...shell, script, "--help"])).stdout).toStartWith("Usage: install.sh");
  });
}

needs(
  "dash",
  "curl",
  "xz",
)("piped into a shell, with the base in the environment, as one line", async () => {
  using folder = tempFolder();
  const { server, prefix } = await setUp(folder.path);
  await using _server = server;
  const line = `curl -fsS $NODUPE_BASE_URL/install.sh | dash -s -- --prefix ${prefix} && ${prefix}/bin/nodupe --version`;
  const run = await runCommand(["dash", "-c", line], {
    cwd: folder.path,
    env: { NODUPE_BASE_URL: server.url },
  });
  expect({ exitCode: run.exitCode, stdout: run.stdout }).toEqual({ exitCode: 0, stdout: "1.2.3\n" });
});

needs("shellcheck")("install.sh passes shellcheck", async () => {
  const script = join(import.meta.dir, "../../../install.sh");
  expect(await runCommand(["shellcheck", "--shell=sh", script])).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
});
