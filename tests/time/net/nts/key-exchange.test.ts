import { expect } from "bun:test";
import { exchangeKeys, type KeyExchange } from "../../../../src/time/net/nts/key-exchange.ts";
import { trustedRoots } from "../../../../src/time/net/x509/roots.ts";
import { createAuthority } from "../../../support/net/authority.ts";
import { patient } from "../../../support/emulation.ts";
import { answerBytes } from "../../../support/time/nts-records.ts";
import { type NtsServerOptions, ntsServer } from "../../../support/time/nts-server.ts";
import { needs } from "../../../support/programs.ts";
import { tempFolder } from "../../../support/temp.ts";

const withOpenssl = needs("openssl");
const FLOOR_MS = Date.UTC(2026, 0);

interface Asked {
  readonly host?: string;
  readonly addresses?: readonly string[];
  readonly timeoutMs?: number;
}

async function ask(port: number, ca: string, asked: Asked = {}): Promise<KeyExchange> {
  const { host = "localhost", addresses = ["127.0.0.1"], timeoutMs = 5_000 } = asked;
  const signal = AbortSignal.timeout(patient(timeoutMs));
  return exchangeKeys({ host, port }, addresses, { roots: trustedRoots(ca), floorMs: FLOOR_MS, signal });
}

const reason = (found: KeyExchange): string => (found.ok ? "ok" : found.reason);

withOpenssl("keys, eight cookies, where to ask, and how long the chain is valid", async () => {
  using folder = tempFolder();
  const authority = await createAuthority(folder, "authority");
  const span = { from: "20260101000000Z", to: "20550101000000Z" };
  await using server = await ntsServer({ tls: await authority.issue("server", span) });
  const found = await ask(server.port, authority.path);
  if (!found.ok) throw new Error(found.reason);
  const { c2s, s2c, ...agreed } = found.agreed;
  expect([c2s.length, s2c.length, found.cookies.length, found.isValidNow]).toEqual([32, 32, 8, true]);
  expect(c2s).not.toEqual(s2c);
  expect(agreed).toEqual({
    aead: 15,
    ntp: { host: "localhost", port: server.ntpPort },
    notBeforeMs: Date.UTC(2026, 0),
    notAfterMs: Date.UTC(2055, 0),
  });
});

withOpenssl(
  "another server and port are used if named; otherwise it is the same host, port 123",
  async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const tls = await authority.issue("server");
    await using named = await ntsServer({
      tls,
      exchange: ({ cookies }) => answerBytes({ cookies, server: "ntp.example", port: 4_123 }),
    });
    await using plain = await ntsServer({ tls, exchange: ({ cookies }) => answerBytes({ cookies }) });
    expect(await ask(named.port, authority.path)).toMatchObject({
      agreed: { ntp: { host: "ntp.example", port: 4_123 } },
    });
    expect(await ask(plain.port, authority.path)).toMatchObject({
      agreed: { ntp: { host: "localhost", port: 123 } },
    });
  },
);

withOpenssl(
  "an exchange that trickles, floods, breaks off or says nothing is ended, each with its reason",
  async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const tls = await authority.issue("server");
    const against = async (exchange: NonNullable<NtsServerOptions["exchange"]>): Promise<string> => {
      await using server = await ntsServer({ tls, exchange });
      return reason(await ask(server.port, authority.path, { timeoutMs: 300 }));
    };
    expect(await against(() => null)).toBe("no key exchange in time");
    expect(
      await against((honest, socket) => {
        // All but its end, however long a busy machine gives it.
        const bytes = answerBytes(honest).slice(0, -1);
        let at = 0;
        const drip = setInterval(() => socket.write(bytes.slice(at, (at += 1))), 5);
        socket.on("close", () => clearInterval(drip));
        return null;
      }),
    ).toBe("no key exchange in time");
    expect(
      await against((_, socket) => {
        // Endless unknown records: more than is ever read.
        const chunk = Buffer.concat(
          Array.from({ length: 64 }, () => Buffer.from([0x40, 0, 0, 60, ...new Uint8Array(60)])),
        );
        const flood = (): void => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on("drain", flood);
        flood();
        return null;
      }),
    ).toBe("its answer is longer than 16384 bytes");
    expect(await against(({ cookies }) => answerBytes({ cookies, aead: [] }))).toBe(
      "it has no algorithm in common with us (AES-SIV-CMAC-256)",
    );
    expect(await against((honest) => answerBytes(honest).slice(0, 200))).toBe(
      "it closed the connection before its answer was complete",
    );
  },
);

withOpenssl("anything other than this NTS server is refused", async () => {
  using folder = tempFolder();
  const authority = await createAuthority(folder, "authority");
  const stranger = await createAuthority(folder, "stranger");
  await using server = await ntsServer({ tls: await authority.issue("server") });
  expect(reason(await ask(server.port, stranger.path))).toBe(
    "its certificate leads to no authority that is trusted here",
  );
  expect(reason(await ask(server.port, authority.path, { host: "time.example" }))).toBe(
    "its certificate is not for time.example",
  );
  expect(reason(await ask(server.port, authority.path, { host: "127.0.0.1" }))).toBe("ok");
  expect(reason(await ask(server.port, authority.path, { addresses: [] }))).toBe("it has no address");
  const web = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: await authority.issue("web"),
    fetch: () => new Response(null),
  });
  expect(reason(await ask(web.port ?? 0, authority.path))).not.toBe("ok");
  void web.stop(true);
});

withOpenssl("an address that does not answer does not delay the next one", async () => {
  using folder = tempFolder();
  const authority = await createAuthority(folder, "authority");
  await using server = await ntsServer({ tls: await authority.issue("server") });
  const silent = Bun.listen({
    hostname: "127.0.0.2",
    port: server.port,
    socket: { data: () => undefined },
  });
  const addresses = ["127.0.0.3", "127.0.0.2", "127.0.0.1"];
  expect(reason(await ask(server.port, authority.path, { addresses }))).toBe("ok");
  silent.stop(true);
});

withOpenssl(
  "if the chain is not valid yet by the engine's clock, every other fault is found all the same",
  async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const stranger = await createAuthority(folder, "stranger");
    const later = { from: "20500101000000Z", to: "20600101000000Z" };
    const tls = async (name: string, issuer = authority, ...more: readonly string[]) => {
      const extensions = ["basicConstraints = CA:FALSE", "subjectAltName = DNS:localhost", ...more];
      return issuer.issue(name, { ...later, extensions });
    };
    const limited = await authority.subordinate("limited", {
      extensions: ["basicConstraints = critical,CA:TRUE", "nameConstraints = critical,permitted;DNS:example"],
    });
    const short = await authority.subordinate("short", {
      extensions: ["basicConstraints = critical,CA:TRUE,pathlen:0"],
    });
    const deep = await short.subordinate("deep");
    const old = { from: "20200101000000Z", to: "20210101000000Z" };
    const table = [
      [await tls("good"), "localhost", "ok"],
      [await tls("elsewhere"), "time.example", "its certificate is not for time.example"],
      [
        await tls("unknown", stranger),
        "localhost",
        "its certificate leads to no authority that is trusted here",
      ],
      [
        await tls("client", authority, "extendedKeyUsage = clientAuth"),
        "localhost",
        "a certificate of its chain is not for servers",
      ],
      [
        await tls("limited-leaf", limited),
        "localhost",
        "its chain has a name that an authority of it may not certify",
      ],
      [await tls("deep-leaf", deep), "localhost", "its chain is longer than an authority of it allows"],
      [await authority.issue("old", old), "localhost", "its certificate expired on 2021-01-01"],
    ] as const;
    for (const [certificate, host, expected] of table) {
      await using server = await ntsServer({ tls: certificate });
      const found = await ask(server.port, authority.path, { host });
      expect(reason(found)).toBe(expected);
      if (found.ok) expect(found.isValidNow).toBe(false);
    }
  },
);
