import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DEBUG_LOG, writeLog } from "../../../src/bench/generate-log.ts";
import { BINARY } from "../binary.ts";
import { writeCvs } from "../upload/cvs.ts";
import { busyMs } from "../emulation.ts";
import { linesOf } from "../lines.ts";
import { ntpServer } from "../time/ntp.ts";
import { startRedis } from "../net/redis.ts";
import { cleanEnvironment, runCommand } from "../run.ts";
import { startServe } from "../serve/serve.ts";
import { type TempFolder, tempFolder } from "../temp.ts";

const ROOT = join(import.meta.dir, "../../..");
const FIXTURES = join(import.meta.dir, "../../fixtures");

/** Servers and logs shared by all pages. */
export interface DocsWorld extends AsyncDisposable {
  /** A separate machine for a page: a home, and /etc, /srv, /usr/local/bin and /var below a folder. */
  machine(): DocsMachine;
}

export interface DocsMachine extends Disposable {
  readonly folder: TempFolder;
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  /** A block's text with placeholders replaced, as docs/README.md describes. */
  here(text: string): string;
}

async function startSandbox(folder: string): Promise<{ url: string; key: string } & AsyncDisposable> {
  const child = Bun.spawn([BINARY, "sandbox", "--listen", "127.0.0.1:0", "--batch", "--json"], {
    cwd: folder,
    env: cleanEnvironment({ HOME: folder }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const { value } = await linesOf(child.stdout).next();
  const printed = JSON.parse(String(value)) as { url: string; api_key: string };
  return {
    url: printed.url,
    key: printed.api_key,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}

/** A storage node's own API. */
function nodeApi(): { url: string } & AsyncDisposable {
  const answers = JSON.parse(readFileSync(join(FIXTURES, "storagenode-api.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => {
      const answer = answers[new URL(request.url).pathname];
      return answer === undefined ? new Response("not found", { status: 404 }) : Response.json(answer);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

async function writeLogs(folder: TempFolder): Promise<void> {
  for (const node of [1, 2])
    await writeLog(folder.file(`storagenode-${node}.log`), {
      ...DEBUG_LOG,
      seed: node,
      operations: 1_000,
      startMs: Date.now() - 6 * 3_600_000,
      spanMs: 6 * 3_600_000,
      latencyMs: 100 * node,
    });
}

/** A certificate that is not checked by anything, and its key. */
async function selfSigned(folder: TempFolder): Promise<{ cert: string; key: string }> {
  const [cert, key] = [folder.file("self.cert"), folder.file("self.key")];
  const subject = [
    "-subj",
    "/CN=board",
    "-days",
    "2",
    "-nodes",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
  ];
  const made = await runCommand(["openssl", "req", "-x509", ...subject, "-out", cert, "-keyout", key]);
  if (made.exitCode !== 0) throw new Error(made.stderr);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/** Serves a store with both nodes: stands for `http://127.0.0.1:8080`. */
async function serveBoard(logs: TempFolder): ReturnType<typeof startServe> {
  const db = logs.file("served.db");
  for (const node of [1, 2]) {
    const log = logs.file(`storagenode-${node}.log`);
    await runCommand([BINARY, "ingest", "--node", `pi-${node}`, log, "--db", db]);
  }
  return startServe(["--db", db]);
}

export async function docsWorld(): Promise<DocsWorld> {
  const world = new AsyncDisposableStack();
  const logs = world.use(tempFolder());
  await writeLogs(logs);
  const time = world.use(await ntpServer());
  const sandbox = world.use(await startSandbox(logs.path));
  const api = world.use(nodeApi());
  const served = world.use(await serveBoard(logs));
  const redis = world.use(await startRedis());
  const certificate = await selfSigned(logs);

  const machine = (): DocsMachine => {
    const folder = tempFolder();
    const [home, bin] = [folder.file("home"), folder.file("usr/local/bin")];
    for (const path of [bin, join(home, ".local/bin"), join(home, ".tanova"), folder.file("etc/nodupe")])
      mkdirSync(path, { recursive: true });
    for (const path of ["var/log", "var/lib/prometheus/node-exporter", "srv"])
      mkdirSync(folder.file(path), { recursive: true });
    for (const path of [bin, join(home, ".local/bin")])
      writeFileSync(join(path, "nodupe"), `#!/bin/sh\nexec '${BINARY}' "$@"\n`, { mode: 0o755 });
    for (const name of readdirSync(join(ROOT, "examples/scripts")))
      copyFileSync(join(ROOT, "examples/scripts", name), join(bin, name));
    // Mail is appended to a file.
    writeFileSync(join(home, ".local/bin/mail"), '#!/bin/sh\ncat >>"$HOME/mail"\n', { mode: 0o755 });
    const { contents } = writeCvs(folder.file("srv/cvs"), { files: 6 });
    symlinkSync(folder.file("srv/cvs"), join(home, "cvs"));
    for (const node of [1, 2])
      linkSync(logs.file(`storagenode-${node}.log`), folder.file(`var/log/storagenode-${node}.log`));
    writeFileSync(folder.file("etc/nodupe/api-key"), `${sandbox.key}\n`, { mode: 0o600 });
    writeFileSync(folder.file("etc/nodupe/token"), `${"t".repeat(24)}\n`, { mode: 0o600 });
    for (const name of ["token", "fleet-token"])
      writeFileSync(join(home, name), `${"t".repeat(24)}\n`, { mode: 0o600 });
    writeFileSync(join(home, "own-ca.pem"), certificate.cert);
    for (const [name, content] of Object.entries(certificate))
      for (const file of [`${name}.pem`, `${name.charAt(0)}.pem`]) writeFileSync(join(home, file), content);
    const earlier = { api_key: sandbox.key, folder_path: folder.file("srv/cvs"), tanova_url: sandbox.url };
    writeFileSync(join(home, "tanova-config.json"), JSON.stringify(earlier));
    writeFileSync(join(home, ".tanova/sync_history.json"), JSON.stringify([...contents.keys()].slice(0, 2)));
    return {
      folder,
      home,
      env: {
        HOME: home,
        PATH: `${bin}:${process.env["PATH"] ?? ""}`,
        TANOVA_API_KEY: sandbox.key,
        NODUPE_SYNC_URL: sandbox.url,
        NODUPE_SYNC_SETTLE: "0ms",
        NODUPE_TIME_SERVER: time.name,
        NODUPE_TIME_TIMEOUT: busyMs(1_000),
        NODUPE_SERVE_LISTEN: "127.0.0.1:0",
      },
      here: (text) =>
        text
          .replaceAll(/(?<![\w.}%~-])\/(etc|srv|usr\/local\/bin|var)(?=\/)/g, `${folder.path}/$1`)
          .replaceAll("tanova_sk_…", sandbox.key)
          .replaceAll("192.168.1.1", time.name)
          .replaceAll("redis://10.0.0.5:6379", `redis://127.0.0.1:${redis.port}`)
          .replaceAll("http://127.0.0.1:14002", api.url)
          .replaceAll("127.0.0.1:8080", new URL(served.url).host)
          .replaceAll("https://attic.lan:8443", served.url)
          .replaceAll("0.0.0.0:8443", "0.0.0.0:0")
          .replaceAll("'[::1]:9000'", "127.0.0.1:0")
          .replaceAll("sudo ", ""),
      [Symbol.dispose]: () => folder[Symbol.dispose](),
    };
  };
  return { machine, [Symbol.asyncDispose]: () => world.disposeAsync() };
}
