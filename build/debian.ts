// Debian's archive, through the mirror that this machine's apt is configured with.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The release used for trial installations and for its packages. */
export const SUITE = "bookworm";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The mirror's address; null without apt, or if apt has none. */
export function debianMirror(): string | null {
  if (Bun.which("apt-get") === null) return null;
  const shown = Bun.spawnSync(["apt-get", "indextargets", "--format", "$(REPO_URI)"], { stderr: "ignore" });
  const uris = shown.stdout.toString().split("\n");
  return uris.find((uri) => /^https?:\/\/.*\/debian\/?$/.test(uri)) ?? null;
}

/** The proxy that apt uses, as `http_proxy` for other programs; empty if there is none. */
export function aptProxy(): Readonly<Record<string, string>> {
  const shown = Bun.spawnSync(["apt-config", "dump", "--format", "%v", "Acquire::http::Proxy"], {
    stderr: "ignore",
  });
  const proxy = shown.stdout.toString().trim();
  return proxy === "" ? {} : { http_proxy: proxy };
}

/**
 * Downloads a package, of any architecture, into `folder`, verified by apt, without touching this machine's own
 * lists and packages.
 *
 * @returns the path of the .deb.
 */
export async function downloadPackage(
  name: string,
  architecture: string,
  mirror: string,
  folder: string,
): Promise<string> {
  for (const part of ["lists/partial", "archives/partial", "parts"])
    mkdirSync(join(folder, part), { recursive: true });
  const security = mirror.replace(/\/debian\/?$/, "/debian-security");
  const sources = [
    `deb [signed-by=${KEYRING}] ${mirror} ${SUITE} main`,
    `deb [signed-by=${KEYRING}] ${security} ${SUITE}-security main`,
  ];
  writeFileSync(join(folder, "sources.list"), `${sources.join("\n")}\n`);
  writeFileSync(join(folder, "status"), "");
  const settings = {
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": join(folder, "parts"),
    "Dir::State": folder,
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": folder,
    "Dir::Cache::archives": join(folder, "archives"),
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  for (const words of [["update"], ["download", name]]) {
    const child = Bun.spawn(["apt-get", "-qq", ...options, ...words], {
      cwd: folder,
      stdout: "ignore",
      stderr: "pipe",
    });
    const messages = await new Response(child.stderr).text();
    if ((await child.exited) !== 0) throw new Error(`Cannot ${words.join(" ")} (apt-get):\n${messages}`);
  }
  const [found] = [...new Bun.Glob(`${name}_*.deb`).scanSync({ cwd: folder })];
  if (found === undefined) throw new Error(`Cannot find ${name} among what apt-get has downloaded`);
  return join(folder, found);
}
