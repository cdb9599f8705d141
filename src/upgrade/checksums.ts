/** A release archive for this machine. */
export interface Candidate {
  readonly name: string;
  readonly version: string;
  /** Hex. */
  readonly sha256: string;
}

/**
 * SHA256SUMS → the newest archive for a target (tar.gz, which Bun unpacks without help); null if there is none.
 * Pre-releases (1.2.0-rc.1) are skipped; they are installed only by name: install.sh --version.
 */
export function newestFor(target: string, checksums: string): Candidate | null {
  let newest: Candidate | null = null;
  for (const line of checksums.split("\n")) {
    const [, sha256, name, version, of] =
      /^([0-9a-f]{64}) [ *](nodupe-(\d[\w.+-]*?)-((?:linux|darwin|windows)-[a-z0-9-]+)\.tar\.gz)$/.exec(
        line,
      ) ?? [];
    if (sha256 === undefined || name === undefined || version === undefined || of !== target) continue;
    if (version.includes("-")) continue;
    if (newest === null || Bun.semver.order(version, newest.version) > 0) newest = { name, version, sha256 };
  }
  return newest;
}

/** Whether a version comes after another in semver order. */
export function isNewer(version: string, than: string): boolean {
  return Bun.semver.order(version, than) > 0;
}
