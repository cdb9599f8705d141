// Makes dist/release: an archive for each target, a Debian package and a container image for those with glibc,
// checksums, and the matching installer.
//
//   bun run release                          all targets
//   bun run release --target linux-arm64     one (repeatable); the checksums then cover only these archives
//   bun run release --out FOLDER --key FILE --level N     N: xz's level, 0 for a quick trial
//
// NODUPE_RELEASE_KEY or --key names the file of the releaser's Ed25519 private key (PEM); without it the release
// is unsigned.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { VERSION } from "../src/lib/version.ts";
import { buildTimeS, compile, crossBuild } from "./compile.ts";
import { writeArchives, XZ_LEVEL } from "./release/archive.ts";
import { bundledPackages } from "./release/bundled.ts";
import { publishedInstaller } from "./release/installer.ts";
import { licences } from "./release/licences.ts";
import { writePackages } from "./release/packages.ts";
import { commandPapers, projectPapers, textEntry } from "./release/papers.ts";
import publisher from "./release/publisher.json" with { type: "json" };
import { RUNTIME_COMPONENTS } from "./release/runtime-components.ts";
import { BUN_VERSION } from "./release/runtime.ts";
import { sbom } from "./release/sbom.ts";
import { readSigningKey, type SigningKey } from "./release/signature.ts";
import type { Entry } from "./release/tar.ts";
import { type Target, targetNamed, TARGETS } from "./release/targets.ts";

interface Release {
  readonly targets: readonly Target[];
  readonly folder: string;
  readonly key: SigningKey | null;
  readonly xzLevel: number;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function readArguments(): Release {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true },
      out: { type: "string", default: "dist/release" },
      key: { type: "string" },
      level: { type: "string", default: String(XZ_LEVEL) },
    },
  });
  const keyPath = values.key ?? process.env["NODUPE_RELEASE_KEY"];
  const key = keyPath === undefined || keyPath === "" ? null : readSigningKey(keyPath);
  if (key !== null && publisher.publicKey !== null && key.publicKey !== publisher.publicKey) {
    throw new Error("the private key does not belong to the public key in build/release/publisher.json");
  }
  const targets = values.target?.map(targetNamed) ?? TARGETS;
  if (!/^[0-9]$/.test(values.level)) throw new Error(`--level: found ${values.level}, expected 0 to 9`);
  return { targets, folder: resolve(values.out), key, xzLevel: Number(values.level) };
}

/** The files of an archive that are the same for every target. */
async function sharedPapers(timeS: number): Promise<readonly Entry[]> {
  return [...projectPapers(), ...(await commandPapers(VERSION, timeS))];
}

async function buildTarget(
  target: Target,
  release: Release,
  shared: readonly Entry[],
): Promise<readonly string[]> {
  const started = performance.now();
  const timeS = buildTimeS();
  const publicKey = release.key?.publicKey ?? publisher.publicKey;
  const executable = target.name.startsWith("windows") ? "nodupe.exe" : "nodupe";
  const binary = join(release.folder, `.${target.name}`, executable);
  await compile({ ...(await crossBuild(target.name)), publicKey }, binary);
  const packages = await bundledPackages();
  const bill = sbom({
    version: VERSION,
    timeS,
    target,
    bunVersion: BUN_VERSION,
    packages,
    runtimeComponents: RUNTIME_COMPONENTS,
  });
  const program = readFileSync(binary);
  const thirdParties = licences(packages, RUNTIME_COMPONENTS, BUN_VERSION);
  const common = {
    folder: release.folder,
    version: VERSION,
    target: target.name,
    timeS,
    xzLevel: release.xzLevel,
  };
  const archives = await writeArchives({
    ...common,
    entries: [
      { name: executable, content: program, executable: true },
      ...shared,
      textEntry("THIRD-PARTY-LICENCES.txt", thirdParties),
      textEntry("sbom.cdx.json", bill),
    ],
  });
  const packaged = await writePackages({ ...common, program, papers: shared, thirdParties, bill });
  if (packaged.missing !== null) say(`${target.name}: ${packaged.missing}`);
  rmSync(join(binary, ".."), { recursive: true });
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  say(`${target.name}: ${seconds} s${target.tested ? "" : " (untested: built, and run nowhere)"}`);
  return [...archives, ...packaged.names];
}

async function writeChecksums(names: readonly string[], { folder, key }: Release): Promise<void> {
  const lines = await Promise.all(
    names.map(async (name) => {
      const hasher = new Bun.CryptoHasher("sha256");
      for await (const chunk of Bun.file(join(folder, name)).stream()) hasher.update(chunk);
      return `${hasher.digest("hex")}  ${name}\n`;
    }),
  );
  const sums = Buffer.from(lines.join(""));
  writeFileSync(join(folder, "SHA256SUMS"), sums);
  if (key !== null) {
    writeFileSync(join(folder, "SHA256SUMS.sig"), key.sign(sums));
    say("SHA256SUMS is signed");
    return;
  }
  rmSync(join(folder, "SHA256SUMS.sig"), { force: true });
  say("THIS RELEASE IS UNSIGNED: no key was given (NODUPE_RELEASE_KEY=FILE, or --key FILE).");
  say("Whoever installs it can check that it is complete, not who made it.");
}

/** Removes an earlier release from the folder, but nothing else. */
function clear(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const ours = readdirSync(folder).filter((name) =>
    /^(nodupe-.*\.tar\.(xz|gz)|nodupe-.*\.oci\.tar|nodupe_.*\.deb|SHA256SUMS(\.sig)?|install\.sh)$/.test(
      name,
    ),
  );
  for (const name of ours) rmSync(join(folder, name));
}

async function main(): Promise<void> {
  const release = readArguments();
  const { folder, key, targets } = release;
  clear(folder);
  const shared = await sharedPapers(buildTimeS());
  const names: string[] = [];
  for (const target of targets) names.push(...(await buildTarget(target, release, shared)));
  const installer = publishedInstaller(key?.publicKey ?? publisher.publicKey, publisher.baseUrl);
  writeFileSync(join(folder, "install.sh"), installer);
  chmodSync(join(folder, "install.sh"), 0o755);
  await writeChecksums([...names, "install.sh"].toSorted(), release);
  await Bun.write(Bun.stdout, `${folder}\n`);
}

try {
  await main();
} catch (error) {
  say(`release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
