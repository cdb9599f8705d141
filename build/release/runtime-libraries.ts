// The C library that an image needs besides the program: Debian's, unchanged.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { buildCache } from "../cache.ts";
import { debianMirror, downloadPackage, SUITE } from "../debian.ts";
import type { Entry } from "./tar.ts";

/** For each Debian architecture: its library folder, and the loader that programs name. */
const PLACES: Readonly<Record<string, { readonly folder: string; readonly loader: string }>> = {
  amd64: { folder: "lib/x86_64-linux-gnu", loader: "lib64/ld-linux-x86-64.so.2" },
  arm64: { folder: "lib/aarch64-linux-gnu", loader: "lib/ld-linux-aarch64.so.1" },
};

/** What the program is linked with (readelf -d), and what name lookups load. */
const NAMES = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "libresolv.so.2"];

/** One day: a release uses the current version, and all targets of a release use the same one. */
const FRESH_MS = 86_400_000;

export interface RuntimeLibraries {
  /** Debian's version of libc6. */
  readonly version: string;
  readonly entries: readonly Entry[];
}

async function unpack(deb: string, folder: string): Promise<void> {
  const child = Bun.spawn(["dpkg-deb", "--extract", deb, folder], { stdout: "ignore", stderr: "pipe" });
  const messages = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`Cannot unpack ${deb}: ${messages}`);
}

/** The folder of the unpacked libc6; its name ends in the version. */
async function libcFolder(architecture: string): Promise<string | null> {
  const cache = join(buildCache(), "libc6", `${SUITE}-${architecture}`);
  if (existsSync(cache) && Date.now() - statSync(cache).mtimeMs < FRESH_MS) {
    const [version] = readdirSync(cache);
    if (version !== undefined) return join(cache, version);
  }
  const mirror = debianMirror();
  if (mirror === null || Bun.which("dpkg-deb") === null) return null;
  mkdirSync(join(cache, ".."), { recursive: true });
  const draft = mkdtempSync(join(cache, "../.draft-"));
  try {
    const deb = await downloadPackage("libc6", architecture, mirror, draft);
    const version = decodeURIComponent(/_([^_]+)_[^_]+\.deb$/.exec(deb)?.[1] ?? "unknown");
    mkdirSync(join(draft, "unpacked"));
    await unpack(deb, join(draft, "unpacked", version));
    rmSync(cache, { recursive: true, force: true });
    renameSync(join(draft, "unpacked"), cache);
    return join(cache, version);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The C library of an architecture (arm64, amd64); null if there is no apt to fetch it. */
export async function runtimeLibraries(architecture: string): Promise<RuntimeLibraries | null> {
  const place = PLACES[architecture];
  if (place === undefined) throw new Error(`Cannot tell where the libraries of ${architecture} are`);
  const folder = await libcFolder(architecture);
  if (folder === null) return null;
  const file = (name: string, from: string, executable: boolean): Entry => ({
    name,
    content: readFileSync(join(folder, from)),
    executable,
  });
  const loader = place.loader.slice(place.loader.lastIndexOf("/") + 1);
  return {
    version: folder.slice(folder.lastIndexOf("/") + 1),
    entries: [
      file(place.loader, join(place.folder, loader), true),
      ...NAMES.map((name) => file(`${place.folder}/${name}`, join(place.folder, name), false)),
      file("usr/share/doc/libc6/copyright", "usr/share/doc/libc6/copyright", false),
    ],
  };
}
