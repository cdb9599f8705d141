// The packages of a release: the Debian package, installed, used and purged on a fresh Debian; the image, unpacked
// and run.
import { afterAll, expect } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { hostTarget } from "../../build/release/targets.ts";
import { VERSION } from "../../src/lib/version.ts";
import { freshDebian, needsFreshDebian, ROOT_HOME } from "../support/install/fresh-debian.ts";
import { needsRoot, programPath } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";

const ROOT = resolve(import.meta.dir, "../..");
const fresh = await needsFreshDebian();
const TIMEOUT_MS = 600_000;

const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());

let releasing: Promise<void> | null = null;

/** A release for this machine, made once, on first use. */
async function release(): Promise<void> {
  const command = [process.execPath, join(ROOT, "build/release.ts"), "--target", hostTarget()];
  const run = await runCommand([...command, "--level", "0", "--out", folder.file("release")], { cwd: ROOT });
  if (run.exitCode !== 0) throw new Error(`Cannot make a release: ${run.stderr}`);
}

async function fileEndingIn(suffix: string): Promise<string> {
  releasing ??= release();
  await releasing;
  const name = readdirSync(folder.file("release")).find((found) => found.endsWith(suffix));
  if (name === undefined) throw new Error(`Cannot find *${suffix} in the release`);
  return folder.file("release", name);
}

needsRoot("lintian", "xz")(
  "lintian finds no error in the Debian package",
  async () => {
    const run = await runCommand([
      "lintian",
      "--allow-root",
      "--fail-on",
      "error",
      await fileEndingIn(".deb"),
    ]);
    expect([run.exitCode, run.stdout.split("\n").filter((line) => line.startsWith("E:"))]).toEqual([0, []]);
  },
  TIMEOUT_MS,
);

fresh(
  "the Debian package: installed, used, upgraded to itself and purged; what the user has stays",
  async () => {
    await using machine = await freshDebian();
    cpSync(await fileEndingIn(".deb"), machine.path(`${ROOT_HOME}/nodupe.deb`));
    const installed = await machine.run("dpkg -i nodupe.deb");
    expect(installed.stderr).toBe("");
    const listed = await machine.run("dpkg -L nodupe");
    const files = listed.stdout.split("\n");
    expect(files).toEqual(
      expect.arrayContaining([
        "/usr/bin/nodupe",
        "/usr/share/man/man1/nodupe.1.gz",
        "/usr/share/bash-completion/completions/nodupe",
        "/usr/share/zsh/vendor-completions/_nodupe",
        "/usr/share/fish/vendor_completions.d/nodupe.fish",
        "/usr/lib/systemd/system/nodupe-time.service",
        "/usr/lib/systemd/system/nodupe-time-boot.service",
        "/usr/lib/systemd/system/nodupe-serve.service",
        "/usr/share/doc/nodupe/copyright",
      ]),
    );
    const unit = readFileSync(machine.path("/usr/lib/systemd/system/nodupe-serve.service"), "utf8");
    expect(unit).toContain("ExecStart=/usr/bin/nodupe serve\n");
    // Every file is as it was packed; none is changed by the installation.
    expect(await machine.run("dpkg --verify nodupe")).toEqual({ exitCode: 0, stdout: "", stderr: "" });

    cpSync(join(ROOT, "examples/cvs"), machine.path(`${ROOT_HOME}/cvs`), { recursive: true });
    const sync = await machine.run("nodupe sync --bulk --sandbox --json cvs");
    expect([sync.exitCode, JSON.parse(sync.stdout)]).toEqual([
      0,
      expect.objectContaining({ uploaded: 8, failed: 0 }),
    ]);
    const time = await machine.run("nodupe time --json --server 127.0.0.1 --timeout 200ms --fallback");
    expect(JSON.parse(time.stdout)).toMatchObject({ authenticated: false });
    const upgrade = await machine.run("nodupe upgrade --from https://example.invalid");
    expect([upgrade.exitCode, upgrade.stderr]).toEqual([
      2,
      "nodupe: /usr/bin/nodupe belongs to the Debian package nodupe; upgrade that: apt install ./nodupe_VERSION_ARCHITECTURE.deb\n",
    ]);

    await machine.run(
      "mkdir -p /var/lib/nodupe /etc/nodupe && touch /var/lib/nodupe/nodupe.db /etc/nodupe/config.toml",
    );
    expect(await machine.run("dpkg -i nodupe.deb")).toMatchObject({ exitCode: 0, stderr: "" });
    const history = await machine.run("nodupe history export --sandbox");
    expect(JSON.parse(history.stdout)).toHaveLength(8);
    expect(await machine.run("dpkg --purge nodupe")).toMatchObject({ exitCode: 0, stderr: "" });
    const left = files.filter((file) => file.includes("nodupe") && existsSync(machine.path(file)));
    expect(left).toEqual([]);
    for (const kept of [
      "/root/.local/share/nodupe/nodupe.db",
      "/var/lib/nodupe/nodupe.db",
      "/etc/nodupe/config.toml",
    ])
      expect([kept, existsSync(machine.path(kept))]).toEqual([kept, true]);
  },
  TIMEOUT_MS,
);

const NAMESPACE = ["unshare", "--mount", "--pid", "--fork", "--net", "--propagation", "private"];

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

/** A blob in an image's folder, by its descriptor; its size and digest are checked. */
function blobOf(image: string, { digest, size }: Descriptor): Buffer {
  const content = readFileSync(join(image, "blobs", digest.replace(":", "/")));
  const found = `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
  expect([found, content.length]).toEqual([digest, size]);
  return content;
}

fresh(
  "the image: every digest is right, and the program runs in it as nobody special, with nothing else there",
  async () => {
    const image = folder.file("image");
    const root = folder.file("root");
    for (const made of [image, root]) mkdirSync(made);
    await runCommand(["tar", "-xf", await fileEndingIn(".oci.tar"), "-C", image]);
    expect(JSON.parse(readFileSync(join(image, "oci-layout"), "utf8"))).toEqual({
      imageLayoutVersion: "1.0.0",
    });
    const index: { manifests: Descriptor[] } = JSON.parse(readFileSync(join(image, "index.json"), "utf8"));
    const [first] = index.manifests;
    if (first === undefined) throw new Error("the index names no manifest");
    const manifest: { config: Descriptor; layers: Descriptor[] } = JSON.parse(
      blobOf(image, first).toString(),
    );
    const config: {
      rootfs: { diff_ids: string[] };
      config: { User: string; Env: string[]; Entrypoint: string[] };
    } = JSON.parse(blobOf(image, manifest.config).toString());
    const layers = manifest.layers.map((layer) => Bun.gunzipSync(new Uint8Array(blobOf(image, layer))));
    expect(
      layers.map((layer) => `sha256:${new Bun.CryptoHasher("sha256").update(layer).digest("hex")}`),
    ).toEqual(config.rootfs.diff_ids);
    for (const layer of layers)
      await runCommand(["tar", "-xpf", "-", "-C", root], { stdin: new Uint8Array(layer) });
    expect(existsSync(join(root, "bin/sh"))).toBe(false);
    const certificates = readFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), "utf8");
    expect(certificates.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(100);

    for (const made of ["cvs", "proc", "dev"]) mkdirSync(join(root, made));
    cpSync(join(ROOT, "examples/cvs"), join(root, "cvs"), { recursive: true });
    const [uid = ""] = config.config.User.split(":");
    // A container runtime mounts these two; nothing else of this machine is visible.
    const start = `cd "$1" && shift && ip link set lo up && mount -t proc proc proc && mount --rbind /dev dev &&
      exec env -i "$@"`;
    const inside = (...words: string[]) =>
      runCommand([
        ...NAMESPACE,
        "sh",
        "-c",
        start,
        "sh",
        root,
        ...config.config.Env,
        programPath("chroot"),
        `--userspec=${uid}:${uid}`,
        ".",
        ...config.config.Entrypoint,
        ...words,
      ]);
    expect(await inside("--version")).toEqual({ exitCode: 0, stdout: `${VERSION}\n`, stderr: "" });
    const sync = await inside("sync", "--bulk", "--sandbox", "--json", "/cvs");
    expect([sync.exitCode, JSON.parse(sync.stdout)]).toEqual([
      0,
      expect.objectContaining({ uploaded: 8, failed: 0 }),
    ]);
    expect(readdirSync(join(root, "data"))).toContain("nodupe.db");
  },
  TIMEOUT_MS,
);
