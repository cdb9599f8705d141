import { expect, test } from "bun:test";
import { dateOfHead, httpsTime } from "../../../src/time/sources/https-date.ts";
import { systemClock } from "../../../src/time/clock/system-clock.ts";
import { createAuthority } from "../../support/net/authority.ts";
import { needs } from "../../support/programs.ts";
import { tempFolder } from "../../support/temp.ts";

const clock = systemClock();

/** An HTTPS server whose Date is ahead by this much. */
function serve(tls: { key: string; cert: string }, offsetS = 0, headers: Record<string, string> = {}) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls,
    fetch: () => {
      const date = new Date(Date.now() + offsetS * 1_000).toUTCString();
      return new Response(null, { headers: { date, ...headers } });
    },
  });
  return {
    url: `https://127.0.0.1:${server.port}`,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

function ask(urls: readonly string[], caFile: string | null, buildTimeS = 0): ReturnType<typeof httpsTime> {
  return httpsTime({ urls, caFile, clock, buildTimeS, signal: AbortSignal.timeout(5_000) });
}

function offsetS(offsetRawNs: bigint | undefined): number {
  const { rawNs, realNs } = clock.read();
  return Number((offsetRawNs ?? 0n) - (realNs - rawNs)) / 1e9;
}

needs("openssl")(
  "the Date of servers certified by a trusted authority gives the time to a second",
  async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const tls = await authority.issue("server");
    using right = serve(tls);
    using alike = serve(tls);
    using fast = serve(tls, 100);
    const { answer, failures } = await ask([right.url, alike.url, fast.url], authority.path);
    expect(failures).toEqual([]);
    expect([answer?.agreeing, answer?.answered]).toEqual([2, 3]);
    expect(Math.abs(offsetS(answer?.offsetRawNs))).toBeLessThanOrEqual(Number(answer?.errorBoundNs) / 1e9);
    expect(Number(answer?.errorBoundNs) / 1e9).toBeWithin(1, 2.5);
    const apart = await ask([right.url, fast.url], authority.path);
    expect([apart.answer, apart.failures]).toEqual([null, ["they contradict one another"]]);
  },
);

needs("openssl")(
  "a wrong authority, a wrong name and dead servers are refused, each with its reason",
  async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const other = await createAuthority(folder, "other");
    using stranger = serve(await other.issue("stranger"));
    using named = serve(await authority.issue("named"));
    const misnamed = named.url.replace("127.0.0.1", "127.0.0.2");
    using elsewhere = Bun.serve({
      port: 0,
      hostname: "127.0.0.2",
      tls: await authority.issue("elsewhere"),
      fetch: () => new Response(null),
    });
    const wrongName = misnamed.replace(/\d+$/, String(elsewhere.port));
    const { answer, failures } = await ask([stranger.url, wrongName, "https://127.0.0.1:1"], authority.path);
    expect(answer).toBeNull();
    expect(failures).toEqual([
      `${stranger.url}: its certificate leads to no authority that is trusted here`,
      `${wrongName}: its certificate is not for 127.0.0.2`,
      expect.stringMatching(/^https:\/\/127\.0\.0\.1:1: ./),
    ]);
    void elsewhere.stop(true);
  },
);

needs("openssl")("dates are checked against the time found, not against this clock", async () => {
  using folder = tempFolder();
  const authority = await createAuthority(folder, "authority");
  const year = new Date().getUTCFullYear();
  const soon = { from: `${year}0101000000Z`, to: `${year + 9}0101000000Z` };
  const expired = { from: "20200101000000Z", to: "20210101000000Z" };
  using good = serve(await authority.issue("good", soon));
  using old = serve(await authority.issue("old", expired));
  expect((await ask([good.url], authority.path)).answer).not.toBeNull();
  expect((await ask([old.url], authority.path)).failures).toEqual([
    `${old.url}: its certificate is not valid at the time that it reports`,
  ]);
  expect((await ask([old.url], authority.path, Date.UTC(2022, 0) / 1_000)).failures).toEqual([
    `${old.url}: its certificate expired on 2021-01-01`,
  ]);
  expect((await ask([good.url], folder.file("none.pem"))).failures[0]).toStartWith(
    "cannot read the authorities",
  );
});

needs("openssl")(
  "a Date before the program was built is refused, however long the certificate is valid",
  async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const tls = await authority.issue("server", { from: "20150101000000Z", to: "20500101000000Z" });
    using past = serve(tls, (Date.UTC(2020, 5, 1) - Date.now()) / 1_000);
    using right = serve(tls);
    const buildTimeS = Date.UTC(2026, 0) / 1_000;
    const both = await ask([past.url, right.url], authority.path, buildTimeS);
    expect(both.failures).toEqual([`${past.url}: its time, 2020-06-01, is before this program was built`]);
    expect([both.answer?.agreeing, both.answer?.answered, both.answer?.asked]).toEqual([1, 1, 2]);
  },
);

needs("openssl")(
  "certificates that this clock has not reached: two, and more than half, must agree",
  async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const span = { from: "20500101000000Z", to: "20700101000000Z" };
    const aheadS = (Date.UTC(2055, 0) - Date.now()) / 1_000;
    const server = ["basicConstraints = CA:FALSE", "subjectAltName = IP:127.0.0.1"];
    using first = serve(await authority.issue("first", span), aheadS);
    using second = serve(await authority.issue("second", span), aheadS);
    const lone = await ask([first.url], authority.path);
    expect([lone.answer, lone.failures]).toEqual([
      null,
      ["their certificates are not valid by this clock, and too few of them agree that it is wrong"],
    ]);
    const both = await ask([first.url, second.url], authority.path);
    expect(both.failures).toEqual([]);
    expect(Math.abs(offsetS(both.answer?.offsetRawNs) - aheadS)).toBeLessThan(1.5);
    const halfDead = await ask(
      [first.url, second.url, "https://127.0.0.1:1", "https://127.0.0.1:2"],
      authority.path,
    );
    expect(halfDead.answer).toBeNull();
    // Faults that the engine would have reported if it had not stopped at the dates.
    for (const [name, extensions, reason] of [
      [
        "client",
        [...server, "extendedKeyUsage = clientAuth"],
        "a certificate of its chain is not for servers",
      ],
      ["elsewhere", ["subjectAltName = IP:127.0.0.9"], "its certificate is not for 127.0.0.1"],
    ] as const) {
      using wrong = serve(await authority.issue(name, { ...span, extensions }), aheadS);
      expect((await ask([wrong.url], authority.path)).failures).toEqual([`${wrong.url}: ${reason}`]);
    }
  },
);

test("the head of an answer", () => {
  const head = (...lines: readonly string[]): string => [...lines, "", ""].join("\r\n");
  const date = "Date: Fri, 20 Nov 2026 22:00:00 GMT";
  expect(dateOfHead(head("HTTP/1.1 301 Moved", "Server: x", date))).toBe(Date.UTC(2026, 10, 20, 22));
  expect(dateOfHead(head("HTTP/1.1 200 OK", date, "Age: 0"))).toBe(Date.UTC(2026, 10, 20, 22));
  expect(dateOfHead(head("HTTP/1.1 200 OK", date, "Age: 30"))).toBe("its answer comes from a cache");
  expect(dateOfHead(head("HTTP/1.1 200 OK"))).toBe("its answer has no Date header");
  expect(dateOfHead(head("HTTP/1.1 200 OK", "Date: soon"))).toBe("its answer has no Date header");
  expect(dateOfHead("SSH-2.0-x\r\n\r\n")).toBe("it does not speak HTTP");
});
