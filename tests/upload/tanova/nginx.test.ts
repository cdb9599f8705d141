import { describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { freeTcpPort } from "../../support/net/free-port.ts";
import { needs, programPath } from "../../support/programs.ts";
import { item, NEVER, testClient } from "../../support/upload/tanova.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const test = needs("nginx");

/** nginx before an API at `upstream`, as many have it: its own limits, its own error pages. */
async function startNginx(
  folder: TempFolder,
  upstream: string,
  settings: string,
): Promise<{ url: string } & AsyncDisposable> {
  const port = await freeTcpPort();
  mkdirSync(folder.file("temp"));
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder.file("temp", kind)};`,
  );
  writeFileSync(
    folder.file("nginx.conf"),
    `daemon off; master_process off; pid ${folder.file("pid")}; error_log ${folder.file("error.log")};
     events {}
     http { access_log off; ${temp.join(" ")}
       server { listen 127.0.0.1:${port}; ${settings} location / { proxy_pass ${upstream}; } } }`,
  );
  const child = Bun.spawn([programPath("nginx"), "-p", folder.path, "-c", folder.file("nginx.conf")], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(url).catch(() => null)) !== null, "nginx answers");
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}

describe("behind nginx", () => {
  test("CVs of any size come through, on connections that are kept", async () => {
    using folder = tempFolder();
    using api = await startSandbox();
    await using nginx = await startNginx(folder, api.url, "client_max_body_size 0;");
    using client = testClient({ url: nginx.url, apiKey: api.apiKey });
    for (const bytes of [1, 1_000, 100_000, 5_000_000]) {
      expect((await client.upload(item(Buffer.alloc(bytes, "cv")), NEVER)).type).toBe("stored");
    }
    expect(api.stats()).toMatchObject({ stored: 4, repeats: 0 });
  });

  test("its 413 comes before the body is sent, and is understood", async () => {
    using folder = tempFolder();
    using api = await startSandbox();
    await using nginx = await startNginx(folder, api.url, "client_max_body_size 10k;");
    using client = testClient({ url: nginx.url, apiKey: api.apiKey });
    expect(await client.upload(item(Buffer.alloc(30_000_000, "large")), NEVER)).toEqual({
      type: "permanent",
      status: 413,
      reason: "HTTP 413 (a web page: 413 Request Entity Too Large)",
    });
    expect(client.sentBytes).toBeLessThan(30_000_000);
    expect((await client.upload(item("small enough"), NEVER)).type).toBe("stored");
  });

  test("its page for an API that is away says neither yes nor no", async () => {
    using folder = tempFolder();
    await using nginx = await startNginx(folder, "http://127.0.0.1:1", "");
    using client = testClient(nginx);
    const reason = "HTTP 502 (a web page: 502 Bad Gateway)";
    expect(await client.health(NEVER)).toEqual({
      type: "unreachable",
      status: 502,
      reason,
      retryAfterMs: null,
    });
    expect(await client.upload(item("a"), NEVER)).toEqual({
      type: "ambiguous",
      status: 502,
      reason,
      retryAfterMs: null,
      isUnrecognised: false,
    });
  });
});
