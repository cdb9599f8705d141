import { describe, expect } from "bun:test";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { needs } from "../../support/programs.ts";
import { startProxy } from "../../support/proxy.ts";
import { item, NEVER, sha256, testClient } from "../../support/tanova.ts";
import { tempFolder } from "../../support/temp.ts";

const test = needs("openssl");
const LARGE = item(Buffer.alloc(3_000_000, "a large CV "));

describe("https", () => {
  test("a private authority is trusted when it is named", async () => {
    using folder = tempFolder();
    const tls = makeCertificates(folder, "DNS:localhost,IP:127.0.0.1");
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
    const tls = makeCertificates(folder, "DNS:elsewhere.example");
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
      expect.stringMatching(/^the server's certificate is not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\); /),
    ]);
    expect(api.stats().requests.upload).toBe(0);
  });

  test("through a proxy: a tunnel to the name, and the certificate must be that name's", async () => {
    using folder = tempFolder();
    const tls = makeCertificates(folder, "DNS:tanova.test");
    using api = await startSandbox({ tls, batch: true });
    const port = new URL(api.url).port;
    await using proxy = await startProxy(Number(port));
    const settings = {
      httpProxy: null,
      httpsProxy: `http://me:p%40ss@127.0.0.1:${proxy.port}`,
      noProxy: "other.test",
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
  const plain = (port: number) => ({ httpProxy: `127.0.0.1:${port}`, httpsProxy: null, noProxy: null });

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

  test("a proxy that refuses is told of: for good where it wants a password, to be tried again where it is down", async () => {
    const outcomes = [];
    for (const status of [407, 503]) {
      await using proxy = await startProxy(1, status);
      const settings = { httpProxy: null, httpsProxy: `http://127.0.0.1:${proxy.port}`, noProxy: null };
      using client = testClient({ url: "https://tanova.test", proxy: settings });
      outcomes.push(await client.upload(LARGE, NEVER));
    }
    expect(outcomes).toEqual([
      {
        type: "permanent",
        status: 407,
        reason: "the proxy refused to connect: HTTP 407; give its user and password in HTTPS_PROXY",
      },
      {
        type: "transient",
        status: 503,
        reason: "the proxy refused to connect: HTTP 503",
        retryAfterMs: null,
      },
    ]);
  });
});
