import { BINARY } from "./binary.ts";

export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Added to PATH, HOME and the like; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
}

/** The environment of a test run, without the developer's own settings. */
export function cleanEnvironment(
  extra: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const kept = Object.entries({ ...process.env, ...extra }).filter(
    ([name, value]) =>
      value !== undefined &&
      (name in extra || !/^(NODUPE_|TANOVA_|XDG_|NO_COLOR|HTTPS?_PROXY|ALL_PROXY|NO_PROXY)/i.test(name)),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

/** Runs a command to its end, with stdout and stderr separate. */
export async function runCommand(command: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = Bun.spawn([...command], {
    env: cleanEnvironment(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/** Runs the compiled binary to its end. */
export function nodupe(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return runCommand([BINARY, ...args], options);
}
