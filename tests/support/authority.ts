import { readFileSync, writeFileSync } from "node:fs";
import { runCommand } from "./run.ts";
import type { TempFolder } from "./temp.ts";

export interface Authority {
  /** PEM file of the authority's certificate. */
  readonly path: string;
  /** Issues a certificate for 127.0.0.1 and localhost; `days` from now, or between two moments (YYYYMMDDHHMMSSZ). */
  issue(
    name: string,
    validity?: { readonly from: string; readonly to: string },
  ): Promise<{ key: string; cert: string }>;
}

async function openssl(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runCommand(["openssl", ...args]);
  if (exitCode !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}

/** A certificate authority of the test's own. */
export async function createAuthority(folder: TempFolder, name: string): Promise<Authority> {
  const key = folder.file(`${name}.key`);
  const path = folder.file(`${name}.pem`);
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = (cn: string): string[] => ["-subj", `/CN=${cn}`];
  await openssl("req", "-x509", ...ec, "-keyout", key, "-out", path, "-days", "365", ...subject(name));
  const database = folder.file(`${name}.index`);
  const config = folder.file(`${name}.cnf`);
  writeFileSync(database, "");
  writeFileSync(
    config,
    [
      "[ca]",
      "default_ca = it",
      "[it]",
      `database = ${database}`,
      `new_certs_dir = ${folder.path}`,
      "rand_serial = yes",
      "default_md = sha256",
      "policy = any",
      "unique_subject = no",
      "x509_extensions = names",
      "[any]",
      "commonName = supplied",
      "[names]",
      "basicConstraints = CA:FALSE",
      "subjectAltName = IP:127.0.0.1,DNS:localhost",
    ].join("\n"),
  );
  return {
    path,
    issue: async (server, validity) => {
      const serverKey = folder.file(`${server}.key`);
      const request = folder.file(`${server}.csr`);
      const certificate = folder.file(`${server}.pem`);
      await openssl("req", "-new", ...ec, "-keyout", serverKey, "-out", request, ...subject(server));
      const dates =
        validity === undefined ? ["-days", "90"] : ["-startdate", validity.from, "-enddate", validity.to];
      const signed = [
        "-in",
        request,
        "-out",
        certificate,
        "-cert",
        path,
        "-keyfile",
        key,
        "-batch",
        "-notext",
      ];
      await openssl("ca", "-config", config, ...signed, ...dates);
      return { key: readFileSync(serverKey, "utf8"), cert: readFileSync(certificate, "utf8") };
    },
  };
}
