import { createPublicKey, verify } from "node:crypto";
import { Failure } from "../lib/errors.ts";
import { type Candidate, isNewer, newestFor } from "./checksums.ts";
import { extractRelease } from "./extract.ts";
import { fetchBytes, fetchFile, type FetchOptions } from "./fetch.ts";
import { placePapers } from "./papers.ts";
import { proveItRuns, replace, stageBeside } from "./replace.ts";

/**
 * Whether an Ed25519 signature of a message is valid.
 *
 * @param publicKey SPKI DER in base64, as compiled in.
 */
function isSigned(message: Uint8Array, signature: Uint8Array, publicKey: string): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
  return signature.length === 64 && verify(null, message, key, signature);
}

/** What is installed: facts compiled into this program, and its file. */
export interface Installed {
  readonly version: string;
  /** As in archive names: linux-arm64. */
  readonly target: string;
  /** SPKI DER in base64; null if built without a release key. */
  readonly publicKey: string | null;
  /** The program's file. */
  readonly path: string;
}

export interface Offer {
  readonly candidate: Candidate;
  readonly isNewer: boolean;
  /** `unchecked`: this build has no key to check with. */
  readonly signature: "verified" | "unchecked";
}

const CHECKSUMS = "SHA256SUMS";
const SMALL_BYTES = 1024 * 1024;

/** What the release at `source` offers for this machine. The signature of its checksum list is verified before use. */
export async function look(source: URL, installed: Installed, options: FetchOptions): Promise<Offer> {
  const small = { ...options, maxBytes: SMALL_BYTES };
  const url = new URL(CHECKSUMS, source);
  const sums = await fetchBytes(url, small);
  if (sums === null) {
    throw new Failure("unreachable", `there is no release at ${source.href} (${CHECKSUMS} is not there)`);
  }
  if (installed.publicKey !== null) {
    const signature = await fetchBytes(new URL(`${CHECKSUMS}.sig`, source), small);
    if (signature === null) {
      throw new Failure(
        "failed",
        `the release at ${source.href} is not signed, expected ${CHECKSUMS}.sig; nothing was changed`,
      );
    }
    if (!isSigned(sums, signature, installed.publicKey)) {
      throw new Failure(
        "failed",
        `the signature of ${url.href} is wrong: it is not from who publishes nodupe; nothing was changed`,
      );
    }
  }
  const candidate = newestFor(installed.target, new TextDecoder().decode(sums));
  if (candidate === null) {
    throw new Failure(
      "failed",
      `the release at ${source.href} has no nodupe for ${installed.target}; nothing was changed`,
    );
  }
  return {
    candidate,
    isNewer: isNewer(candidate.version, installed.version),
    signature: installed.publicKey === null ? "unchecked" : "verified",
  };
}

/**
 * Downloads, verifies, tries out and installs an offer; nothing is changed before the last step.
 *
 * @returns man pages and completions that could not be written; the new program is installed nevertheless.
 */
export async function take(
  { candidate }: Offer,
  source: URL,
  installed: Installed,
  options: FetchOptions,
): Promise<readonly string[]> {
  using stage = stageBeside(installed.path);
  const archive = stage.file(candidate.name);
  const url = new URL(candidate.name, source);
  const sha256 = await fetchFile(url, archive, options);
  if (sha256 === null) throw new Failure("unreachable", `${url.href} is not there; nothing was changed`);
  if (sha256 !== candidate.sha256) {
    throw new Failure(
      "failed",
      `${candidate.name} has the wrong checksum: found ${sha256}, expected ${candidate.sha256}; nothing was changed`,
    );
  }
  const next = stage.file("nodupe");
  const papers = await extractRelease(archive, "nodupe", next);
  await proveItRuns(next, candidate.version);
  options.signal.throwIfAborted();
  replace(installed.path, next);
  return placePapers(installed.path, papers);
}
