import { join } from "node:path";
import { type Entry, tar } from "./tar.ts";

/**
 * Level 2 on two threads: half of level 4's time, for archives 7% larger; all targets together stay below ten minutes
 * on two cores that have other work as well, and a board unpacks it with 3 MB of memory.
 */
export const XZ_LEVEL = 2;

function xzCommand(level: number): string[] {
  return ["xz", `-${level}`, "--threads=2", "--block-size=16MiB", "--check=crc64", "--no-adjust", "--quiet"];
}

/** The name of a release's archive, without its folder. */
function archiveName(version: string, target: string, suffix: "xz" | "gz"): string {
  return `nodupe-${version}-${target}.tar.${suffix}`;
}

/** Writes NAME.tar.xz, and NAME.tar.gz for machines without xz and for `nodupe upgrade`; returns the two names. */
export async function writeArchives(options: {
  folder: string;
  version: string;
  target: string;
  timeS: number;
  entries: readonly Entry[];
  xzLevel?: number;
}): Promise<readonly string[]> {
  const { folder, version, target, timeS, entries, xzLevel = XZ_LEVEL } = options;
  const bytes = tar(entries, timeS);
  const xzName = archiveName(version, target, "xz");
  const gzName = archiveName(version, target, "gz");
  const xz = Bun.spawn(xzCommand(xzLevel), {
    stdin: new Blob([new Uint8Array(bytes)]),
    stdout: Bun.file(join(folder, xzName)),
    stderr: "inherit",
  });
  // libdeflate writes no time and no name into the header.
  await Bun.write(
    join(folder, gzName),
    Bun.gzipSync(new Uint8Array(bytes), { level: 6, library: "libdeflate" }),
  );
  if ((await xz.exited) !== 0) throw new Error(`Cannot compress ${xzName}: is xz installed?`);
  return [xzName, gzName];
}
