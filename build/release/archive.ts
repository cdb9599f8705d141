import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Entry, tar } from "./tar.ts";

/**
 * Level 2 on two threads: half the time of level 4, for archives 7% larger. All targets together take less than
 * ten minutes on two cores that are busy with other work too, and a board unpacks it with 3 MB of memory.
 */
export const XZ_LEVEL = 2;

/** Compresses bytes with xz into a file; the same bytes on every machine. */
async function writeXz(bytes: Uint8Array, path: string, level: number): Promise<void> {
  const flags = ["--threads=2", "--block-size=16MiB", "--check=crc64", "--no-adjust", "--quiet"];
  const xz = Bun.spawn(["xz", `-${level}`, ...flags], {
    stdin: new Blob([new Uint8Array(bytes)]),
    stdout: Bun.file(path),
    stderr: "inherit",
  });
  if ((await xz.exited) !== 0) throw new Error(`Cannot compress ${path}: is xz installed?`);
}

/** Compresses bytes with gzip. libdeflate writes no time and no name into the header. */
export function gzip(bytes: Uint8Array, level: 6 | 9): Uint8Array {
  return Bun.gzipSync(new Uint8Array(bytes), { level, library: "libdeflate" });
}

/** Compresses bytes with xz; `folder` is for a temporary file. */
export async function xz(bytes: Uint8Array, folder: string, level: number): Promise<Uint8Array> {
  const path = join(folder, `.xz-${process.pid}`);
  try {
    await writeXz(bytes, path, level);
    return await Bun.file(path).bytes();
  } finally {
    rmSync(path, { force: true });
  }
}

/** The file name of a release's archive. */
function archiveName(version: string, target: string, suffix: "xz" | "gz"): string {
  return `nodupe-${version}-${target}.tar.${suffix}`;
}

/**
 * Writes NAME.tar.xz, and NAME.tar.gz for machines without xz and for `nodupe upgrade`; returns the names.
 *
 * @param options.xzLevel null: no .tar.xz.
 */
export async function writeArchives(options: {
  folder: string;
  version: string;
  target: string;
  timeS: number;
  entries: readonly Entry[];
  xzLevel: number | null;
}): Promise<readonly string[]> {
  const { folder, version, target, timeS, entries, xzLevel } = options;
  const bytes = tar(entries, timeS);
  const xzName = archiveName(version, target, "xz");
  const gzName = archiveName(version, target, "gz");
  const packing = xzLevel === null ? null : writeXz(bytes, join(folder, xzName), xzLevel);
  await Bun.write(join(folder, gzName), gzip(bytes, 6));
  await packing;
  return packing === null ? [gzName] : [xzName, gzName];
}
