import { readFileSync, writeFileSync } from "node:fs";
import { programPath } from "./programs.ts";
import type { TempFolder } from "./temp.ts";

export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

function openssl(...args: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync([programPath("openssl"), ...args], {
    stderr: "pipe",
    stdin: "ignore",
  });
  if (exitCode !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr.toString()}`);
}

/** A private authority and a server's certificate for `names` (`DNS:localhost,IP:127.0.0.1`), all PEM. */
export function makeCertificates(folder: TempFolder, names: string): Certificates {
  const [caKey, ca, key, request, cert, extensions] = [
    "ca.key",
    "ca.pem",
    "key.pem",
    "r.csr",
    "cert.pem",
    "e.txt",
  ].map((name) => folder.file(name)) as [string, string, string, string, string, string];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    caKey,
    "-out",
    ca,
    "-days",
    "2",
    "-subj",
    "/CN=Test authority",
  );
  openssl("req", ...newKey, "-keyout", key, "-out", request, "-subj", "/CN=test");
  writeFileSync(extensions, `subjectAltName=${names}\n`);
  const signing = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-days", "2", "-extfile", extensions];
  openssl("x509", "-req", "-in", request, ...signing, "-out", cert);
  const read = (file: string): string => readFileSync(file, "utf8");
  return { ca: read(ca), cert: read(cert), key: read(key) };
}
