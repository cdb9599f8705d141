import { join } from "node:path";
import { debName, debPackage } from "./deb.ts";
import { imageArchive } from "./image.ts";
import { textEntry } from "./papers.ts";
import { runtimeLibraries } from "./runtime-libraries.ts";
import type { Entry } from "./tar.ts";

/** The targets that are packaged, and their architecture's name for Debian and OCI. */
const PACKAGED: Readonly<Record<string, string>> = { "linux-arm64": "arm64", "linux-x64": "amd64" };

export interface PackageContents {
  readonly folder: string;
  readonly version: string;
  readonly target: string;
  readonly timeS: number;
  readonly xzLevel: number;
  readonly program: Uint8Array;
  /** The same as in an archive, including LICENSE. */
  readonly papers: readonly Entry[];
  readonly thirdParties: string;
  readonly bill: string;
}

/**
 * Writes a target's Debian package and container image next to its archives.
 *
 * @returns the names of the files, and why one could not be made.
 */
export async function writePackages(
  contents: PackageContents,
): Promise<{ readonly names: readonly string[]; readonly missing: string | null }> {
  const { folder, version, target, papers, thirdParties, bill } = contents;
  const architecture = PACKAGED[target];
  if (architecture === undefined) return { names: [], missing: null };
  const deb = debName(version, architecture);
  await Bun.write(join(folder, deb), await debPackage({ ...contents, architecture }));
  const libraries = await runtimeLibraries(architecture);
  if (libraries === null) {
    return { names: [deb], missing: `no image: apt-get, which brings Debian's libc6, has no mirror here` };
  }
  const image = `nodupe-${version}-${target}.oci.tar`;
  const legal = [
    ...papers.filter(({ name }) => name === "LICENSE"),
    textEntry("THIRD-PARTY-LICENCES.txt", thirdParties),
    textEntry("sbom.cdx.json", bill),
  ];
  await Bun.write(join(folder, image), imageArchive({ ...contents, architecture, libraries, papers: legal }));
  return { names: [deb, image], missing: null };
}
