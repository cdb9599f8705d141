import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { certified, createAuthority } from "../../support/net/authority.ts";
import { startPeer } from "../../support/net/peer.ts";
import { needs } from "../../support/programs.ts";
import { startProxy } from "../../support/net/proxy.ts";
import { item, NEVER, sha256, testClient } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";

const test = needs("openssl");
const LARGE = item(Buffer.alloc(3_000_000, "a large CV "));

describe("https", () => {
  test("a private authority is trusted when it is named", async () => {
    using folder = tempFolder();
    const tls = await certified(folder);
    using api = await startSandbox({ tls });
    expect(api.url).toStartWith("https://127.0.0.1:");
    for (const url of [api.url, api.url.replace("127.0.0.1", "localhost")]) {
      using client = testClient({ url, apiKey: api.apiKey, ca: tls.ca });
      expect((await client.health(NEVER)).type).toBe("healthy");
      const cv = item(Buffer.alloc(3_000_000, url));
      expect((await client.upload(cv, NEVER)).type).toBe("stored");
      expect(await client.check(cv.checksum, NEVER)).toBe("there");
    }
    expect(api.stats().connections).toBe(2);
  });

  test("an authority that was not named, and a certificate for another host, are refused", async () => {
    using folder = tempFolder();
    const tls = await certified(folder, "DNS:elsewhere.example");
    using api = await startSandbox({ tls });
    const reasons = [];
    for (const ca of [undefined, tls.ca]) {
      using client = testClient({ ...api, ...(ca === undefined ? {} : { ca }) });
      const outcome = await client.upload(LARGE, NEVER);
      reasons.push(outcome.type === "transient" && outcome.reason);
    }
    // Which code the first one gets is BoringSSL's to say: it depends on what else the process trusts.
    expect(reasons).toEqual([
      expect.stringMatching(/^the server's certificate is not trusted \([A-Z_]+\); .* --ca-file$/),
      "the server's certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID); is --url right?",
    ]);
    expect(api.stats().requests.upload).toBe(0);
  });

  test("a certificate that has expired, or is not valid yet, asks for a look at the clock", async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const reasons = [];
    for (const [name, from, to] of [
      ["old", "20200101000000Z", "20200201000000Z"],
      ["future", "20900101000000Z", "20900201000000Z"],
    ] as const) {
      using api = await startSandbox({ tls: await authority.issue(name, { from, to }) });
      using client = testClient({ ...api, ca: readFileSync(authority.path, "utf8") });
      const outcome = await client.health(NEVER);
      reasons.push(outcome.type === "unreachable" && outcome.reason);
    }
    expect(reasons).toEqual([
      "the server's certificate has expired (CERT_HAS_EXPIRED); check the clock: nodupe time",
      "the server's certificate is not valid yet (CERT_NOT_YET_VALID); check the clock: nodupe time",
    ]);
  });

  test("a server that does not speak TLS is not taken for one with a wrong certificate", async () => {
    using api = await startSandbox();
    using client = testClient({ url: api.url.replace("http:", "https:"), apiKey: api.apiKey });
    const reason = "the TLS handshake failed (EPROTO); is --url right, and is that a port for https?";
    expect(await client.health(NEVER)).toMatchObject({ type: "unreachable", reason });
  });

  test("through a proxy: a tunnel to the name, and the certificate must be that name's", async () => {
    using folder = tempFolder();
    const tls = await certified(folder, "DNS:tanova.test");
    using api = await startSandbox({ tls, batch: true });
    const port = new URL(api.url).port;
    await using proxy = await startProxy(Number(port));
    const settings = {
      httpProxy: null,
      httpsProxy: `http://me:p%40ss@127.0.0.1:${proxy.port}`,
      noProxy: "other.test",
      allProxy: null,
    };
    const url = `https://tanova.test:${port}`;
    using client = testClient({ url, apiKey: api.apiKey, ca: tls.ca, proxy: settings });
    expect((await client.health(NEVER)).type).toBe("healthy");
    expect((await client.upload(LARGE, NEVER)).type).toBe("stored");
    expect(await client.checkMany([LARGE.checksum], NEVER)).toEqual(new Set([LARGE.checksum]));
    expect(proxy.requests).toEqual([`CONNECT tanova.test:${port} HTTP/1.1`]);
    expect(proxy.authorizations).toEqual([`Basic ${btoa("me:p@ss")}`]);

    using wrong = testClient({
      url: `https://other.name.test:${port}`,
      apiKey: api.apiKey,
      ca: tls.ca,
      proxy: settings,
    });
    const outcome = await wrong.upload(LARGE, NEVER);
    expect(outcome.type === "transient" && outcome.reason).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });
});

describe("proxies", () => {
  const plain = (port: number) => ({
    httpProxy: `127.0.0.1:${port}`,
    httpsProxy: null,
    noProxy: null,
    allProxy: null,
  });

  test("plain http goes to a proxy by its whole URL", async () => {
    using api = await startSandbox();
    const port = new URL(api.url).port;
    await using proxy = await startProxy(Number(port));
    using client = testClient({
      url: `http://tanova.test:${port}`,
      apiKey: api.apiKey,
      proxy: plain(proxy.port),
    });
    expect(await client.upload(item("by proxy"), NEVER)).toMatchObject({ type: "stored" });
    expect(proxy.requests).toEqual([`POST http://tanova.test:${port}/api/sync/upload HTTP/1.1`]);
  });

  test("loopback and what NO_PROXY names go direct", async () => {
    using api = await startSandbox();
    await using proxy = await startProxy(1);
    using client = testClient({ ...api, proxy: plain(proxy.port) });
    expect(await client.check(sha256("direct"), NEVER)).toBe("absent");
    expect(proxy.requests).toEqual([]);
  });

  test("a proxy that is away, hangs up or has no address is named", async () => {
    using peer = startPeer((socket) => socket.terminate());
    using gone = startPeer(() => {});
    gone[Symbol.dispose]();
    const reasons = [];
    for (const proxy of [`127.0.0.1:${gone.port}`, `127.0.0.1:${peer.port}`, "no-such-proxy.invalid:3128"]) {
      const settings = { httpProxy: null, httpsProxy: proxy, noProxy: null, allProxy: null };
      using client = testClient({ url: "https://tanova.test", proxy: settings });
      const outcome = await client.health(NEVER);
      reasons.push(outcome.type === "unreachable" && outcome.reason);
    }
    expect(reasons).toEqual([
      `the proxy 127.0.0.1:${gone.port}: connection refused`,
      `the proxy 127.0.0.1:${peer.port}: the connection was closed`,
      "the proxy no-such-proxy.invalid:3128: no address for no-such-proxy.invalid; is the network up, and the proxy's address right?",
    ]);
  });

  test("a proxy that refuses is told of, and is no content's fault", async () => {
    const outcomes = [];
    for (const status of [407, 503]) {
      await using proxy = await startProxy(1, status);
      const settings = {
        httpProxy: null,
        httpsProxy: `http://127.0.0.1:${proxy.port}`,
        noProxy: null,
        allProxy: null,
      };
      using client = testClient({ url: "https://tanova.test", proxy: settings });
      outcomes.push(await client.upload(LARGE, NEVER));
    }
    expect(outcomes).toEqual([
      {
        type: "misplaced",
        status: 407,
        reason: "the proxy refused to connect: HTTP 407; give its user and password in HTTPS_PROXY",
      },
      {
        type: "misplaced",
        status: 503,
        reason: "the proxy refused to connect: HTTP 503",
      },
    ]);
  });
});
