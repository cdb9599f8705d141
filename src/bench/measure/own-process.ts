import type { Lab } from "../experiment.ts";

/** The environment for commands of this program, without the user's settings, store or proxies. */
function environmentOf(lab: Lab, extra: Readonly<Record<string, string>>): Record<string, string> {
  return { HOME: lab.folder, TMPDIR: lab.folder, ...extra };
}

/** A running command of this program. */
export interface OwnProcess {
  readonly pid: number;
  /** Its result. Rejects, with its output, if it does not exit with 0. */
  readonly result: Promise<Readonly<Record<string, unknown>>>;
}

/** Starts a command of this program with `--json`; it is stopped at the end of the run. */
export function startOwn(
  lab: Lab,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): OwnProcess {
  const child = Bun.spawn([...lab.self, ...args, "--json"], {
    env: environmentOf(lab, environment),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    signal: lab.signal,
  });
  const result = async (): Promise<Readonly<Record<string, unknown>>> => {
    const [text, said, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code !== 0) throw new Error(`nodupe ${args[0]} ended with ${code}: ${said.trim()}`);
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  };
  return { pid: child.pid, result: result() };
}
