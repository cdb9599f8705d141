// A freshly installed Debian with git, Node and npm from its own packages: what the README expects of a machine.
// Bootstrapped once from the mirror configured in this machine's apt, kept in the build cache, and covered for
// each use by an overlay in a mount namespace, so that nothing done in it persists, here or there.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { buildCache } from "../../../build/cache.ts";
import { aptProxy, debianMirror, SUITE } from "../../../build/debian.ts";
import { type Declare, declare, programPath, skipping } from "../programs.ts";
import { type Run, runCommand } from "../run.ts";
import { tempFolder } from "../temp.ts";
import { until } from "../until.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
// busybox is hidden: tests use it as a separate system, and other programs on the machine must not find it.
const PACKAGES = ["ca-certificates", "git", "nodejs", "npm", "sudo", "busybox-static"];
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const ROOT_HOME = "/root";

type Template =
  | { readonly type: "ready"; readonly folder: string }
  | { readonly type: "none"; readonly why: string };

/** Bootstraps the Debian, or says why that is not possible. */
async function bootstrap(folder: string): Promise<Template> {
  const mirror = debianMirror();
  if (mirror === null) return { type: "none", why: "apt has no Debian mirror" };
  mkdirSync(join(folder, ".."), { recursive: true });
  const draft = mkdtempSync(join(folder, "../.draft-"));
  try {
    // Mounts made here disappear with the namespace, however it ends. Of apt's settings only the proxy is needed.
    const install = `set -e
      "$1" --variant=minbase "$2" "$3" "$4"
      cp -L /etc/resolv.conf /etc/hosts "$3/etc"
      mount -t proc proc "$3/proc"
      chroot "$3" apt-get -q update
      chroot "$3" apt-get -q install -y --no-install-recommends $5
      chroot "$3" apt-get clean
      rm -rf "$3"/var/lib/apt/lists/*`;
    const words = [programPath("debootstrap"), SUITE, draft, mirror, PACKAGES.join(" ")];
    const run = await runCommand(
      ["unshare", "--mount", "--propagation", "private", "sh", "-c", install, "sh", ...words],
      { env: { ...aptProxy(), PATH, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" } },
    );
    if (run.exitCode !== 0) {
      const said = `${run.stdout}${run.stderr}`.trimEnd().split("\n").at(-1) ?? "";
      return { type: "none", why: `debootstrap could not bring a Debian (${said})` };
    }
    renameSync(draft, folder);
    return { type: "ready", folder };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function template(): Promise<Template> {
  if (process.getuid?.() !== 0) return { type: "none", why: "not run as root" };
  if (Bun.which("debootstrap", { PATH }) === null) return { type: "none", why: "debootstrap missing" };
  const mark = createHash("sha256").update(PACKAGES.join(" ")).digest("hex").slice(0, 8);
  const folder = join(buildCache(), "debian", `${SUITE}-${process.arch}-${mark}`);
  return existsSync(folder) ? { type: "ready", folder } : bootstrap(folder);
}

/** Declares a test that needs a fresh Debian; it is skipped, with the reason, if none is available. */
export async function needsFreshDebian(): Promise<Declare> {
  const made = await template();
  return made.type === "ready" ? declare : skipping(made.why);
}

interface RunAs {
  /** root by default. */
  readonly user?: string;
  readonly umask?: string;
  /** Whether this machine's network is available. */
  readonly network?: boolean;
}

export interface FreshDebian extends AsyncDisposable {
  /** Runs a script with sh like a login of the user: in the home folder, without this machine's environment. */
  run(script: string, as?: RunAs): Promise<Run>;
  /** The path on this machine of a path inside. */
  path(inside: string): string;
}

/** npm's configuration on this machine, for use inside; none of it is in the tree. */
async function networkSettings(): Promise<Readonly<Record<string, string>>> {
  const asked = await runCommand(["npm", "config", "get", "registry"], { cwd: "/" });
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
  return {
    npm_config_registry: asked.stdout.trim(),
    ...(existsSync(CERTIFICATES)
      ? { npm_config_cafile: CERTIFICATES, NODE_EXTRA_CA_CERTS: CERTIFICATES }
      : {}),
    ...Object.fromEntries(proxies.map(([name, value]) => [name, value ?? ""])),
  };
}

const NAMESPACE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"];

/** The shell that mounts the machine's root on top of the template, and stays running. */
const HOLD = `set -e
mount -t tmpfs -o size=4g,mode=0755 fresh "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
cd "$2/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmp tmp
mv bin/busybox usr/lib/busybox-static
pivot_root . mnt
umount -l mnt
: >/run/fresh
exec sleep infinity`;

/** Starts the machine; disposing of it removes all of it. */
export async function freshDebian(): Promise<FreshDebian> {
  const made = await template();
  if (made.type === "none") throw new Error(`Cannot make a fresh Debian: ${made.why}`);
  const place = tempFolder();
  const settings = await networkSettings();
  const holder = Bun.spawn([...NAMESPACE, "sh", "-c", HOLD, "sh", made.folder, place.path], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
    env: { PATH },
  });
  let inner = "";
  const path = (inside: string): string => join(`/proc/${inner}/root`, inside);
  await until(() => {
    if (holder.exitCode !== null)
      throw new Error("Cannot make a fresh Debian: its root could not be mounted");
    inner = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim();
    return inner !== "" && existsSync(path("/run/fresh"));
  }, "the fresh Debian is there");
  for (const file of ["/etc/resolv.conf", "/etc/hosts", CERTIFICATES])
    if (existsSync(file)) cpSync(file, path(file), { dereference: true });
  return {
    path,
    run: (script, { user = "root", umask = "022", network = true } = {}) => {
      const login = `umask ${umask}; home=$(getent passwd ${user} | cut -d: -f6); cd "$home"
        exec setpriv --reuid=${user} --regid=${user} --init-groups env -i HOME="$home" USER=${user} "$@"`;
      const variables = Object.entries({ ...settings, PATH }).map(([name, value]) => `${name}=${value}`);
      const enter = ["nsenter", `--target=${inner}`, "--mount", "--pid", "--root"];
      const inside = [...enter, "sh", "-c", login, "sh", ...variables, "sh", "-c", script];
      if (network) return runCommand(inside);
      // A separate network with only the loopback.
      return runCommand(["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...inside]);
    },
    [Symbol.asyncDispose]: async () => {
      holder.kill("SIGKILL");
      await holder.exited;
      place[Symbol.dispose]();
    },
  };
}

/** Puts a checkout of the current tree into the machine. */
export async function cloneInto(machine: FreshDebian, folder: string, owner: string): Promise<void> {
  using clone = tempFolder();
  // Inside, git would take the path of this machine for one of its own.
  const copy = `git clone -q --no-hardlinks "$1" "$2/tree" && cd "$1" &&
    git ls-files -z --cached --others --exclude-standard --deduplicate | xargs -0 -r sh -c '
      for file; do [ -e "$file" ] && cp -a --parents "$file" "$0"; done; true' "$2/tree" &&
    cp -a "$2/tree" "$3"`;
  const run = await runCommand(["sh", "-c", copy, "sh", ROOT, clone.path, machine.path(folder)]);
  if (run.exitCode !== 0) throw new Error(`Cannot clone ${ROOT}: ${run.stderr}`);
  await machine.run(`chown -R ${owner}: '${folder}'`);
}

/** Adds a user with sudo rights whose home folder has spaces in its name. */
export async function addUser(machine: FreshDebian, name: string): Promise<void> {
  const run = await machine.run(`useradd -m -d '/home/${name} of the office' -s /bin/sh ${name}`);
  if (run.exitCode !== 0) throw new Error(`Cannot add ${name}: ${run.stderr}`);
  writeFileSync(machine.path("/etc/sudoers.d/fresh"), `${name} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
}
