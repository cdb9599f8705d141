import { readFileSync, writeFileSync } from "node:fs";
import { runCommand } from "../run.ts";
import type { TempFolder } from "../temp.ts";

export interface IssueOptions {
  /** YYYYMMDDHHMMSSZ; give both or neither (90 days from now). */
  readonly from?: string;
  readonly to?: string;
  /** Lines of openssl's configuration; by default those for a server at 127.0.0.1 and localhost. */
  readonly extensions?: readonly string[];
}

export interface Authority {
  /** Path of the authority's certificate, PEM. */
  readonly path: string;
  /** Issues a server certificate; PEM, followed by the authorities between it and the root. */
  issue(name: string, options?: IssueOptions): Promise<{ key: string; cert: string }>;
  /** An authority certified by this one. */
  subordinate(name: string, options?: IssueOptions): Promise<Authority>;
}

const LOOPBACK = "IP:127.0.0.1,DNS:localhost";
const server = (names: string): readonly string[] => [
  "basicConstraints = CA:FALSE",
  `subjectAltName = ${names}`,
];
const AUTHORITY = ["basicConstraints = critical,CA:TRUE", "keyUsage = critical,keyCertSign"];
/** Roots are valid in whatever year a test is set. */
const ROOT: IssueOptions = { from: "19700101000000Z", to: "21500101000000Z", extensions: AUTHORITY };

async function openssl(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runCommand(["openssl", ...args]);
  if (exitCode !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}

/** Creates NAME.key and NAME.pem. @param signer null: self-signed. */
async function sign(folder: TempFolder, name: string, signer: string | null, options: IssueOptions) {
  const own = (end: string): string => folder.file(`${name}.${end}`);
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("req", "-new", ...ec, "-keyout", own("key"), "-out", own("csr"), "-subj", `/CN=${name}`);
  writeFileSync(own("index"), "");
  const lines = [
    "[ca]",
    "default_ca = it",
    "[it]",
    `database = ${own("index")}`,
    `new_certs_dir = ${folder.path}`,
    "rand_serial = yes",
    "default_md = sha256",
    "policy = any",
    "unique_subject = no",
    "x509_extensions = own",
    "[any]",
    "commonName = supplied",
    "[own]",
    ...(options.extensions ?? []),
  ];
  writeFileSync(own("cnf"), lines.join("\n"));
  const { from, to } = options;
  const dates =
    from === undefined || to === undefined ? ["-days", "90"] : ["-startdate", from, "-enddate", to];
  const by =
    signer === null
      ? ["-selfsign", "-keyfile", own("key")]
      : ["-cert", folder.file(`${signer}.pem`), "-keyfile", folder.file(`${signer}.key`)];
  const files = ["-config", own("cnf"), "-in", own("csr"), "-out", own("pem")];
  await openssl("ca", ...files, ...by, "-batch", "-notext", ...dates);
}

/** Creates a certificate authority for a test. */
export async function createAuthority(folder: TempFolder, name: string): Promise<Authority> {
  await sign(folder, name, null, ROOT);
  return authorityOf(folder, name, "");
}

/** @param chain the authorities from this one up to the root, excluding it, in PEM. */
function authorityOf(folder: TempFolder, authority: string, chain: string): Authority {
  const read = (name: string): string => readFileSync(folder.file(name), "utf8");
  return {
    path: folder.file(`${authority}.pem`),
    issue: async (name, options = {}) => {
      await sign(folder, name, authority, { extensions: server(LOOPBACK), ...options });
      return { key: read(`${name}.key`), cert: read(`${name}.pem`) + chain };
    },
    subordinate: async (name, options = {}) => {
      await sign(folder, name, authority, { extensions: AUTHORITY, ...options });
      return authorityOf(folder, name, read(`${name}.pem`) + chain);
    },
  };
}

/**
 * A server's key and certificate for `names` (`DNS:localhost,IP:127.0.0.1`), and the authority that issued it, all
 * in PEM.
 */
export async function certified(
  folder: TempFolder,
  names = LOOPBACK,
): Promise<{ ca: string; key: string; cert: string }> {
  const authority = await createAuthority(folder, "authority");
  const issued = await authority.issue("server", { extensions: server(names) });
  return { ca: readFileSync(authority.path, "utf8"), ...issued };
}
