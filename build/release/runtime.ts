// Downloads the Bun runtime of a target from the npm registry, verifies it, and keeps it for the next build.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { devDependencies } from "../../package.json" with { type: "json" };
import { buildCache } from "../cache.ts";
import type { Target } from "./targets.ts";

/** The Bun version that everything is built with. */
export const BUN_VERSION: string = devDependencies.bun;

async function run(command: readonly string[], cwd: string): Promise<string> {
  const child = Bun.spawn([...command], { cwd, stdout: "pipe", stderr: "pipe" });
  const [out, messages] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`Cannot run ${command.join(" ")}:\n${messages}`);
  return out.trim();
}

/** The path of the target's runtime; downloaded on first use, and refused if its hash is not the expected one. */
export async function runtimeOf(target: Target): Promise<string> {
  const executable = target.name.startsWith("windows") ? "bun.exe" : "bun";
  const cache = join(buildCache(), "runtimes");
  // The name contains part of the integrity value, so that another Bun version never uses the old file.
  const mark = new Bun.CryptoHasher("sha256").update(target.integrity).digest("hex").slice(0, 12);
  const kept = join(cache, `${target.runtime}-${BUN_VERSION}-${mark}`, executable);
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, ".draft-"));
  try {
    const name = await run(["npm", "pack", "--silent", `@oven/${target.runtime}@${BUN_VERSION}`], draft);
    const archive = join(draft, name.split("\n").at(-1) ?? "");
    const digest = new Bun.CryptoHasher("sha512").update(await Bun.file(archive).bytes()).digest("base64");
    if (`sha512-${digest}` !== target.integrity) {
      throw new Error(
        `Cannot use ${target.runtime} ${BUN_VERSION}: its integrity is sha512-${digest}, expected ${target.integrity}`,
      );
    }
    await run(["tar", "-xzf", archive, "--strip-components=2", `package/bin/${executable}`], draft);
    rmSync(archive);
    rmSync(join(kept, ".."), { recursive: true, force: true });
    renameSync(draft, join(kept, ".."));
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return kept;
}
