import { test } from "bun:test";
import { appendFileSync } from "node:fs";
import { EMULATOR, IS_EMULATED, patient } from "./emulation.ts";

type Body = () => void | Promise<void>;
export type Declare = (name: string, body: Body, timeoutMs?: number) => void;

export const declare: Declare = (name, body, timeoutMs) =>
  test(name, body, timeoutMs === undefined ? undefined : patient(timeoutMs));

/** Declares tests as skipped, printed and counted (build/check.sh reads NODUPE_SKIPPED), never passed silently. */
export function skipping(why: string): Declare {
  return (name) => {
    const line = `skipped, ${why}: ${name}\n`;
    process.stderr.write(line);
    const list = process.env["NODUPE_SKIPPED"];
    if (list !== undefined) appendFileSync(list, line);
  };
}

/** A test that needs system programs: `needs("chronyd")("answers", async () => …)`. It is skipped if one is missing. */
export function needs(...programs: string[]): Declare {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  const missing = programs.filter((program) => Bun.which(program, { PATH: path }) === null);
  return missing.length === 0 ? declare : skipping(`${missing.join(" and ")} missing`);
}

/**
 * A test in which the binary is started by itself or by a program other than the test: skipped if it needs an
 * emulator that the kernel cannot start (see build/arm64-namespace.sh).
 */
export function needsExecution(...programs: string[]): Declare {
  return EMULATOR.length === 0
    ? needs(...programs)
    : skipping("the kernel starts no emulated program by itself");
}

/** A test that needs root: it sends restricted packets, mounts something or boots a container. */
export function needsRoot(...programs: string[]): Declare {
  return process.getuid?.() === 0 ? needsExecution(...programs) : skipping("not run as root");
}

/** A test of what the machine permits a program: an emulator would need some of that for itself. */
export const unemulated: Declare = IS_EMULATED ? skipping("the program is emulated") : declare;

/** The path of a program, which may be in an sbin folder. */
export function programPath(program: string): string {
  const found = Bun.which(program, { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` });
  if (found === null) throw new Error(`Cannot find ${program}`);
  return found;
}

/** The output of `promtool check metrics` for a text, and its exit code: empty and 0 if it is flawless. */
export async function promtoolSays(text: string): Promise<[said: string, exitCode: number]> {
  const checked = Bun.spawn(["promtool", "check", "metrics"], {
    stdin: new Blob([text]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([new Response(checked.stdout).text(), new Response(checked.stderr).text()]);
  return [said.join(""), await checked.exited];
}
