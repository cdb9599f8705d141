// Compiles src/ into one executable: `bun run build` makes dist/nodupe for this machine, `bun build/compile.ts
// --target linux-arm64 dist/arm64/nodupe` makes one for another.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { JIT_RELUCTANCE_AT_START } from "../src/lib/engine.ts";
import { writeDeafRuntime } from "./release/deaf-runtime.ts";
import publisher from "./release/publisher.json" with { type: "json" };
import { runtimeOf } from "./release/runtime.ts";
import { hostTarget, targetNamed } from "./release/targets.ts";

const ROOT = resolve(import.meta.dir, "..");

/** The commit's time in Unix seconds, so that the same commit gives the same bytes; 0 outside a checkout. */
export function buildTimeS(): number {
  const value = Number(process.env["SOURCE_DATE_EPOCH"]);
  if (Number.isInteger(value) && value > 0) return value;
  const git = Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { cwd: ROOT, stderr: "ignore" });
  const seconds = Number(git.stdout.toString().trim());
  return Number.isInteger(seconds) ? seconds : 0;
}

/** The commit's first 12 digits; null outside a checkout. In a copy of the tree, SOURCE_COMMIT provides it. */
function commit(): string | null {
  const value = process.env["SOURCE_COMMIT"];
  if (value !== undefined) return value;
  const git = Bun.spawnSync(["git", "rev-parse", "--short=12", "HEAD"], { cwd: ROOT, stderr: "ignore" });
  const digits = git.stdout.toString().trim();
  return /^[0-9a-f]{12}$/.test(digits) ? digits : null;
}

/** Entry points: main first (it names the executable's entry), then every worker, in a fixed order. */
export function entryPoints(): string[] {
  const workers = [...new Bun.Glob("src/workers/*.ts").scanSync({ cwd: ROOT })].toSorted();
  return ["src/main.ts", ...workers];
}

/** Everything that the bytes depend on besides the sources. */
export interface Build {
  /** As in archive names: linux-arm64. */
  readonly target: string;
  /** bun's name for the target and the path of its runtime; null for this machine and the running Bun. */
  readonly cross: { readonly bun: string; readonly runtime: string } | null;
  /** The public key for verifying releases: SPKI DER in base64, or null. */
  readonly publicKey: string | null;
  /** The address of releases; null if the publisher has not set one. */
  readonly baseUrl: string | null;
}

/** A build for this machine. */
export function hostBuild(): Build {
  return { target: hostTarget(), cross: null, ...publisher };
}

/** A build for another platform; its runtime is downloaded from the npm registry the first time. */
export async function crossBuild(name: string): Promise<Build> {
  const target = targetNamed(name);
  const cross = { bun: target.bun, runtime: await runtimeOf(target) };
  return { target: target.name, cross, ...publisher };
}

function defines(build: Build): string[] {
  const time = buildTimeS();
  const values: Record<string, unknown> = {
    NODUPE_TARGET: build.target,
    NODUPE_COMMIT: commit(),
    NODUPE_RELEASE_KEY: build.publicKey,
    NODUPE_RELEASE_URL: build.baseUrl,
    ...(time > 0 ? { NODUPE_BUILD_TIME_S: time } : {}),
  };
  return Object.entries(values).map(([name, value]) => `--define=${name}=${JSON.stringify(value)}`);
}

/** Compiles to `outfile`, atomically. */
export async function compile(build: Build, outfile: string): Promise<void> {
  mkdirSync(dirname(outfile), { recursive: true });
  // The outfile's basename is part of the output, so the draft has the same name in a folder of its own.
  const draft = join(dirname(outfile), `.draft-${process.pid}`, basename(outfile));
  const runtime = join(dirname(draft), "runtime");
  mkdirSync(dirname(draft), { recursive: true });
  const flags = [
    "--compile",
    "--bytecode",
    "--format=esm",
    "--minify",
    // Lazily imported code becomes a chunk with its own bytecode: a start reads only what its command needs.
    "--splitting",
    "--sourcemap=none",
    `--compile-jit-policy=${JIT_RELUCTANCE_AT_START}`,
    // Without these two, the binary would load a bunfig.toml or .env from the working directory.
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    `--compile-executable-path=${runtime}`,
    ...defines(build),
    ...(build.cross === null ? [] : [`--target=${build.cross.bun}`]),
  ];
  try {
    await writeDeafRuntime(build.cross?.runtime ?? process.execPath, runtime);
    const child = Bun.spawn([process.execPath, "build", ...flags, ...entryPoints(), "--outfile", draft], {
      cwd: ROOT,
      // Otherwise files around the tree would decide whether the bundler compiles the page's JSX for debugging.
      env: { ...process.env, NODE_ENV: "production" },
      stdout: "ignore",
      stderr: "pipe",
    });
    const messages = await new Response(child.stderr).text();
    if ((await child.exited) !== 0) throw new Error(`bun build failed for ${build.target}:\n${messages}`);
    renameSync(draft, outfile);
  } finally {
    rmSync(dirname(draft), { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { target: { type: "string" } },
    allowPositionals: true,
  });
  const outfile = resolve(positionals[0] ?? join(ROOT, "dist/nodupe"));
  await compile(values.target === undefined ? hostBuild() : await crossBuild(values.target), outfile);
  await Bun.write(Bun.stdout, `built ${outfile}\n`);
}
