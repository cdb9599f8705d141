// What the runtime takes from the environment before the program's first line: see build/release/deaf-runtime.ts.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { VERSION } from "../../../src/lib/version.ts";
import { BINARY } from "../../support/binary.ts";
import { createAuthority } from "../../support/net/authority.ts";
import { needs } from "../../support/programs.ts";
import { cleanEnvironment, nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

test("no variable of the runtime makes it run, load or write anything", async () => {
  using folder = tempFolder();
  const script = folder.file("script.js");
  writeFileSync(script, `require("node:fs").writeFileSync(${JSON.stringify(folder.file("owned"))}, "");`);
  const out = folder.file("out");
  const hostile: Record<string, string> = {
    BUN_BE_BUN: "1",
    BUN_OPTIONS: `--preload ${script}`,
    BUN_INSPECT: "127.0.0.1:0",
    BUN_INSPECT_PRELOAD: script,
    BUN_INSPECT_CONNECT_TO: "127.0.0.1:1",
    BUN_TCC_OPTIONS: "-bogus",
    BUN_BYTECODE_ORDER_OUT: out,
    BUN_BYTECODE_DIGEST_OUT: out,
    BUN_TRACE: out,
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: out,
    NODE_OPTIONS: `--require ${script}`,
    NODE_COMPILE_CACHE: out,
    NODE_PATH: folder.path,
  };
  const env = { HOME: folder.path };
  const args = ["time", "--offline", "--json", "--db", ":memory:"];
  const keys = Object.keys(JSON.parse((await nodupe(args, { env })).stdout) as object);
  for (const [name, value] of [...Object.entries(hostile), ["all", ""] as const]) {
    const variables = name === "all" ? hostile : { [name]: value };
    const told = await nodupe(args, { env: { ...env, ...variables }, cwd: folder.path });
    const version = await nodupe(["--version"], { env: { ...env, ...variables }, cwd: folder.path });
    const found = JSON.parse(told.stdout) as object;
    expect({ name, code: told.exitCode, stderr: told.stderr, keys: Object.keys(found), version }).toEqual({
      name,
      code: 0,
      stderr: "",
      keys,
      version: { exitCode: 0, stdout: `${VERSION}\n`, stderr: "" },
    });
  }
  expect(readdirSync(folder.path)).toEqual(["script.js"]);
});

needs("strace")("BUN_INSPECT opens no socket: a program that listens, listens once", async () => {
  using folder = tempFolder();
  const log = folder.file("calls");
  const traced = ["strace", "-f", "-e", "trace=listen", "-o", log, BINARY];
  const child = Bun.spawn([...traced, "sandbox", "--json", "--listen", "127.0.0.1:0"], {
    env: cleanEnvironment({ HOME: folder.path, BUN_INSPECT: "127.0.0.1:0" }),
    stdout: "pipe",
    stderr: "ignore",
  });
  // The inspector, where there is one, is at work before the program's first line runs.
  const { value } = await child.stdout.getReader().read();
  const { pid } = JSON.parse(new TextDecoder().decode(value)) as { pid: number };
  process.kill(pid, "SIGTERM");
  await child.exited;
  const calls = await Bun.file(log).text();
  expect(calls.match(/\blisten\(/g)).toHaveLength(1);
});

test("variables of the engine, which the build cannot keep out, are refused to root", async () => {
  using folder = tempFolder();
  const run = await nodupe(["stamp", "encode", "0"], { env: { HOME: folder.path, BUN_JSC_useJIT: "1" } });
  if (process.geteuid?.() === 0) {
    expect(run).toEqual({
      exitCode: 2,
      stdout: "",
      stderr:
        "nodupe: the environment has BUN_JSC_useJIT, which changes the engine; root must not set it: unset it\n",
    });
  } else expect(run.exitCode).toBe(0);
});

test("a bunfig.toml, a .env and packages of the working directory are not read", async () => {
  using folder = tempFolder();
  writeFileSync(folder.file("script.js"), `require("node:fs").writeFileSync("owned", "");`);
  writeFileSync(folder.file("bunfig.toml"), `preload = ["./script.js"]\n`);
  writeFileSync(folder.file(".env"), "NODUPE_CONFIG=/nowhere/config.toml\n");
  writeFileSync(folder.file("package.json"), `{"type": "module", "imports": {"#x": "./script.js"}}`);
  writeFileSync(folder.file("tsconfig.json"), "{ broken");
  const run = await nodupe(["stamp", "encode", "0"], { env: { HOME: folder.path }, cwd: folder.path });
  expect([run.exitCode, run.stderr, existsSync(folder.file("owned"))]).toEqual([0, "", false]);
});

needs("openssl")("certificates are checked whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
  using folder = tempFolder();
  const authority = await createAuthority(folder, "authority");
  const issued = await authority.issue("server");
  let requests = 0;
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: issued,
    fetch: () => {
      requests += 1;
      return new Response("", { status: 404 });
    },
  });
  const url = `https://127.0.0.1:${server.port}`;
  const env = {
    HOME: folder.path,
    TANOVA_API_KEY: "key",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
  };
  const upgrade = await nodupe(["upgrade", "--check", "--from", `${url}/`], { env });
  writeFileSync(folder.file("cv.txt"), "a CV");
  const sync = await nodupe(["sync", "--retries", "0", "--url", url, folder.path], { env });
  expect([upgrade.exitCode, sync.exitCode, requests]).toEqual([4, 4, 0]);
});
