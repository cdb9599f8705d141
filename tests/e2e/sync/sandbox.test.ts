import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { once } from "node:events";
import { BINARY } from "../../support/binary.ts";
import { cleanEnvironment, nodupe } from "../../support/run.ts";
import { item, NEVER, sha256, testClient } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";

interface Ready {
  readonly url: string;
  readonly api_key: string;
  readonly pid: number;
}

/** Starts the binary's sandbox and waits for its one object. */
async function startBinary(argv: readonly string[]): Promise<{
  ready: Ready;
  interrupt(signal: "SIGINT" | "SIGTERM"): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}> {
  const child = Bun.spawn([BINARY, "sandbox", "--json", "--listen", "127.0.0.1:0", ...argv], {
    env: cleanEnvironment(),
    stdout: "pipe",
    stderr: "pipe",
  });
  let stdout = "";
  const reader = child.stdout.getReader();
  while (!stdout.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the sandbox ended: ${await new Response(child.stderr).text()}`);
    stdout += Buffer.from(value).toString();
  }
  return {
    ready: JSON.parse(stdout) as Ready,
    interrupt: async (signal) => {
      child.kill(signal);
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        stdout += Buffer.from(next.value).toString();
      }
      return { exitCode: await child.exited, stdout, stderr: await new Response(child.stderr).text() };
    },
  };
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "it serves until %s, ends with %d, and tells nobody's name or key on stderr",
  async (signal, code) => {
    const sandbox = await startBinary(["--batch", "--latency", "5", "-v"]);
    const { url, api_key: apiKey, pid } = sandbox.ready;
    expect(Object.keys(sandbox.ready)).toEqual(["url", "api_key", "pid"]);
    expect(pid).toBeGreaterThan(0);
    using client = testClient({ url, apiKey });
    expect((await client.health(NEVER)).type).toBe("healthy");
    const cv = item("a CV", { filename: "Jane_Doe.pdf", email: "jane@example.com" });
    expect((await client.upload(cv, NEVER)).type).toBe("stored");
    expect(await (await fetch(`${url}/sandbox/stored`)).json()).toEqual({ [sha256("a CV")]: 1 });
    const { exitCode, stdout, stderr } = await sandbox.interrupt(signal);
    expect(exitCode).toBe(code);
    expect(stdout.trimEnd().split("\n").length).toBe(1);
    expect(stderr).not.toMatch(/Jane|jane|tanova_sk/);
    expect(stderr).toContain("CVs stored: 1; uploads of CVs that were stored already: 0");
  },
);

test.each([
  ["--faults", "500:2", /^nodupe: --faults: found "500:2", expected faults as NAME:SHARE /],
  ["--faults", "oops:0.1", /^nodupe: --faults: found "oops:0.1", expected /],
  ["--listen", "8080", /^nodupe: --listen: found "8080", expected HOST:PORT, /],
  ["--latency", "soon", /^nodupe: --latency: found "soon", expected a number of milliseconds, /],
  ["--tls-cert", "cert.pem", /^nodupe: --tls-cert means nothing without --tls-key; /],
])("%s %s is refused", async (flag, value, line) => {
  const { exitCode, stdout, stderr } = await nodupe(["sandbox", flag, value]);
  expect([exitCode, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split("\n").length).toBe(1);
});

test("a port that is taken, and a file that cannot be written", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const busy = await nodupe(["sandbox", "--listen", `127.0.0.1:${port}`]);
  taken.close();
  expect(busy).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `nodupe: cannot listen on 127.0.0.1:${port}: another program listens there; name another with --listen, port 0 for any\n`,
  });
  using folder = tempFolder();
  const unwritable = await nodupe([
    "sandbox",
    "--listen",
    "127.0.0.1:0",
    "--keep",
    folder.file("none", "kept.txt"),
  ]);
  expect([unwritable.exitCode, unwritable.stdout]).toEqual([2, ""]);
  expect(unwritable.stderr).toMatch(
    /^nodupe: --keep: cannot write .*kept\.txt; expected a file in a folder that exists\n$/,
  );
});
