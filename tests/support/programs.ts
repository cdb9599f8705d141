import { test } from "bun:test";
import { appendFileSync } from "node:fs";
import { EMULATOR, IS_EMULATED, patient } from "./emulation.ts";

type Body = () => void | Promise<void>;
export type Declare = (name: string, body: Body, timeoutMs?: number) => void;

export const declare: Declare = (name, body, timeoutMs) =>
  test(name, body, timeoutMs === undefined ? undefined : patient(timeoutMs));

/** Says and counts tests as skipped (build/check.sh reads NODUPE_SKIPPED), so that none is passed silently. */
export function skipping(why: string): Declare {
  return (name) => {
    const line = `skipped, ${why}: ${name}\n`;
    process.stderr.write(line);
    const list = process.env["NODUPE_SKIPPED"];
    if (list !== undefined) appendFileSync(list, line);
  };
}

/**
 * A test that needs system programs: `needs("chronyd")("answers", async () => …)`. Where one is missing, the test is
 * skipped.
 */
export function needs(...programs: string[]): Declare {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  const missing = programs.filter((program) => Bun.which(program, { PATH: path }) === null);
  return missing.length === 0 ? declare : skipping(`${missing.join(" and ")} missing`);
}

/**
 * A test in which the binary is started by itself or by another program than the test: skipped where that has to be
 * emulated and the kernel does not do it (see build/arm64-namespace.sh).
 */
export function needsExecution(...programs: string[]): Declare {
  return EMULATOR.length === 0
    ? needs(...programs)
    : skipping("the kernel starts no emulated program by itself");
}

/** A test that only root can do: it sends what other users may not, mounts or boots something. */
export function needsRoot(...programs: string[]): Declare {
  return process.getuid?.() === 0 ? needsExecution(...programs) : skipping("not run as root");
}

/** A test of what a machine allows a program: an emulator would need some of it for itself. */
export const unemulated: Declare = IS_EMULATED ? skipping("the program is emulated") : declare;

/** Where a program that is in sbin too is found. */
export function programPath(program: string): string {
  const found = Bun.which(program, { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` });
  if (found === null) throw new Error(`Cannot find ${program}`);
  return found;
}

/** What `promtool check metrics` says about a text, and its exit code: nothing and 0 where it is flawless. */
export async function promtoolSays(text: string): Promise<[said: string, exitCode: number]> {
  const checked = Bun.spawn(["promtool", "check", "metrics"], {
    stdin: new Blob([text]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([new Response(checked.stdout).text(), new Response(checked.stderr).text()]);
  return [said.join(""), await checked.exited];
}
