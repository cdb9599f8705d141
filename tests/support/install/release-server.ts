import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { writeArchives } from "../../../build/release/archive.ts";
import { publishedInstaller } from "../../../build/release/installer.ts";
import { readSigningKey, type SigningKey } from "../../../build/release/signature.ts";
import { textEntry } from "../../../build/release/papers.ts";
import type { Entry } from "../../../build/release/tar.ts";
import { hostTarget } from "../../../build/release/targets.ts";

/** Generates a releaser's key and saves it to `path`. */
export function makeKey(path: string): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return readSigningKey(path);
}

/** A small program that answers `--version`, followed by `ballast` incompressible bytes. */
export function smallProgram(version: string, ballast = 0): Uint8Array {
  const text = `#!/bin/sh\n[ "$1" = --version ] && echo ${version}\nexit 0\n`;
  const rest = new Uint8Array(ballast);
  for (let at = 0; at < ballast; at += 65_536) crypto.getRandomValues(rest.subarray(at, at + 65_536));
  return Buffer.concat([Buffer.from(text), rest]);
}

export interface ReleaseOptions {
  readonly folder: string;
  readonly version: string;
  readonly program?: Uint8Array;
  readonly targets?: readonly string[];
  readonly key?: SigningKey | null;
  /** Files besides the program; by default a man page and one completion. */
  readonly papers?: readonly Entry[];
}

const PAPERS: readonly Entry[] = [
  textEntry("man/nodupe.1", `.TH NODUPE 1\n`),
  textEntry("completions/nodupe.bash", "# bash\n"),
];

/** Writes the checksums of files in a folder, and signs them if there is a key. */
export function writeSums(folder: string, names: readonly string[], key: SigningKey | null = null): void {
  const sums = names
    .map((name) => {
      const digest = new Bun.CryptoHasher("sha256").update(readFileSync(join(folder, name))).digest("hex");
      return `${digest}  ${name}\n`;
    })
    .join("");
  writeFileSync(join(folder, "SHA256SUMS"), sums);
  if (key !== null) writeFileSync(join(folder, "SHA256SUMS.sig"), key.sign(Buffer.from(sums)));
}

/** Writes a release like build/release.ts, but with another program in it. */
export async function makeRelease(options: ReleaseOptions): Promise<void> {
  const { folder, version, program = smallProgram(version), targets = [hostTarget()], key = null } = options;
  mkdirSync(folder, { recursive: true });
  const names: string[] = [];
  for (const target of targets) {
    const entries = [{ name: "nodupe", content: program, executable: true }, ...(options.papers ?? PAPERS)];
    names.push(
      ...(await writeArchives({
        folder,
        version,
        target,
        timeS: 1_700_000_000,
        entries,
        xzLevel: Bun.which("xz") === null ? null : 0,
      })),
    );
  }
  writeSums(folder, names, key);
  const installer = join(folder, "install.sh");
  writeFileSync(installer, publishedInstaller(key?.publicKey ?? null, null));
  chmodSync(installer, 0o755);
}

export interface ReleaseServer extends AsyncDisposable {
  readonly url: string;
  /** The requested paths, in order. */
  readonly requests: string[];
  /** Names of files whose transfer is cut off halfway. */
  readonly cut: Set<string>;
}

/** Serves a folder on loopback. */
export async function serveFolder(folder: string): Promise<ReleaseServer> {
  const requests: string[] = [];
  const cut = new Set<string>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    requests.push(path);
    let content: Buffer;
    try {
      content = readFileSync(join(folder, path));
    } catch {
      response.writeHead(404).end("not found");
      return;
    }
    response.writeHead(200, { "content-length": content.length });
    if (!cut.has(path.slice(1))) {
      response.end(content);
      return;
    }
    response.write(content.subarray(0, content.length / 2), () => response.socket?.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot tell the server's port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    cut,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
