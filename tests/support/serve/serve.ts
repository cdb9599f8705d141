import { BINARY } from "../binary.ts";
import { linesOf } from "../lines.ts";
import { cleanEnvironment } from "../run.ts";

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly stderr: () => string;
  /** Requests a path; JSON goes out and comes in. */
  ask(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: unknown }>;
  post(path: string, body: unknown, headers?: Record<string, string>): ReturnType<Served["ask"]>;
  /** Sends it a signal and returns its exit code. */
  end(signal?: NodeJS.Signals): Promise<number>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The compiled binary's `serve` on a free port of loopback. */
export async function startServe(args: readonly string[], env: Record<string, string> = {}): Promise<Served> {
  const child = Bun.spawn([BINARY, "serve", "--listen", "127.0.0.1:0", ...args], {
    env: cleanEnvironment(env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let said = "";
  const saying = (async () => {
    for await (const line of linesOf(child.stderr)) said += `${line}\n`;
  })();
  const lines = linesOf(child.stdout);
  const { value: url } = await lines.next();
  if (typeof url !== "string") {
    await saying;
    throw new Error(`serve did not start: ${said}`);
  }
  const ask: Served["ask"] = async (path, init) => {
    const response = await fetch(url + path, { redirect: "manual", ...init });
    return { status: response.status, headers: response.headers, body: parsed(await response.text()) };
  };
  const end = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number> => {
    child.kill(signal);
    const exitCode = await child.exited;
    await saying;
    return exitCode;
  };
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    stderr: () => said,
    ask,
    post: (path, body, headers = {}) =>
      ask(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    end,
    [Symbol.asyncDispose]: async () => {
      await end();
    },
  };
}
