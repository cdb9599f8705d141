import { randomBytes } from "node:crypto";
import { expect } from "bun:test";
import { busyMs } from "../../support/emulation.ts";
import { type Attack, type HostileProxy, hostileProxy, pass } from "../../support/time/hostile-proxy.ts";
import { answerBytes } from "../../support/time/nts-records.ts";
import {
  field,
  fieldsOf,
  nak,
  type NtsServer,
  type NtsServerOptions,
} from "../../support/time/nts-server.ts";
import { NtsStage } from "../../support/time/nts-stage.ts";
import { needs, needsExecution } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import { BINARY } from "../../support/binary.ts";
import { expectOffset, type TimeJson } from "../../support/time/time-result.ts";

const withChronyd = needs("openssl", "chronyd");
const PROXY = "127.0.0.5";

const quick = (): string[] => ["--timeout", busyMs(700)];

/** A copy with bytes laid over it. */
function patched(bytes: Uint8Array, at: number, patch: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(patch, at);
  return copy;
}

/** The answer's fields, with the request's unique identifier exchanged. */
const uniqueId = (request: Uint8Array): Uint8Array => fieldsOf(request)[0]?.body ?? new Uint8Array();
const hourLater = (answer: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(answer);
  const view = new DataView(copy.buffer);
  for (const at of [32, 40]) view.setUint32(at, view.getUint32(at) + 3_600);
  return copy;
};

/** On the way from a server that is honest. */
const ON_THE_WAY: readonly (readonly [string, Attack])[] = [
  ["an hour added", (answer) => [hourLater(answer)]],
  ["one bit of a cookie", (answer) => [patched(answer, answer.length - 1, Uint8Array.of(0))]],
  ["all fields stripped", (answer) => [hourLater(answer).slice(0, 48)]],
  ["the authenticator stripped", (answer) => [hourLater(answer).slice(0, 84)]],
  ["another identifier", (answer) => [patched(answer, 52, randomBytes(32))]],
  [
    "the request sent back",
    (_, request) => [patched(patched(request, 0, Uint8Array.of(0x24, 1)), 24, request.slice(40, 48))],
  ],
  ["NTSN forged", (answer, request) => [nak(answer.slice(0, 48), uniqueId(request))]],
  ["DENY forged", (answer, request) => [nak(answer.slice(0, 48), uniqueId(request), "DENY")]],
  [
    "a plain answer of another time",
    (answer, request) => [Buffer.concat([hourLater(answer).slice(0, 48), field(0x0104, uniqueId(request))])],
  ],
  ["nothing at all", () => []],
];

/** Who was attacked has no say; the others, who agree, are the answer. */
function expectOthers(json: TimeJson, attackedPort: number): void {
  expectOffset(json, 0);
  expect([json.source, json.authenticated]).toEqual(["nts", true]);
  const attacked = json.servers.find(({ port }) => port === attackedPort);
  expect(["selected", "survivor"]).not.toContain(attacked?.status ?? "");
}

withChronyd("on the way from one of three chronyds: what is not as it was sent has no say", async () => {
  await using stage = await NtsStage.open();
  const behind = await stage.chronyd("behind", [`ntsntpserver ${PROXY}`]);
  const others = await Promise.all(["one", "two"].map((name) => stage.chronyd(name)));
  const proxy = stage.use(await hostileProxy(PROXY, behind.port));
  const honest = others.map(({ ntsName }) => ntsName);
  // The proxy alone: it works, as long as it does nothing.
  const untouched = await stage.time([behind.ntsName]);
  expect([untouched.exitCode, untouched.json.address]).toEqual([0, PROXY]);
  for (const [what, attack] of ON_THE_WAY) {
    proxy.attack = attack;
    const alone = await stage.time([behind.ntsName], ...quick());
    expect([what, alone.exitCode, alone.json.offset_s, alone.json.authenticated]).toEqual([
      what,
      4,
      null,
      false,
    ]);
    const among = await stage.time([...honest, behind.ntsName], ...quick());
    expect([what, among.exitCode]).toEqual([what, 0]);
    expectOthers(among.json, behind.port);
  }
});

withChronyd("an answer of an earlier run, as it was and with the right origin, is no answer", async () => {
  await using stage = await NtsStage.open();
  const behind = await stage.chronyd("behind", [`ntsntpserver ${PROXY}`]);
  const proxy = stage.use(await hostileProxy(PROXY, behind.port));
  expect((await stage.time([behind.ntsName])).exitCode).toBe(0);
  const [old = new Uint8Array()] = proxy.answers;
  const replays: readonly Attack[] = [
    () => [old],
    (_, request) => [patched(old, 24, request.slice(40, 48))],
    (_, request) => [patched(patched(old, 24, request.slice(40, 48)), 52, uniqueId(request))],
  ];
  for (const attack of replays) {
    proxy.attack = attack;
    const { exitCode, json } = await stage.time([behind.ntsName], ...quick());
    expect([exitCode, json.offset_s]).toEqual([4, null]);
  }
});

withChronyd("a forged kiss that comes before the true answer changes nothing", async () => {
  await using stage = await NtsStage.open();
  const behind = await stage.chronyd("behind", [`ntsntpserver ${PROXY}`]);
  const proxy: HostileProxy = stage.use(await hostileProxy(PROXY, behind.port));
  for (const code of ["NTSN", "DENY", "RATE", "RSTR"]) {
    proxy.attack = (answer, request) => [nak(answer.slice(0, 48), uniqueId(request), code), answer];
    const { exitCode, json } = await stage.time([behind.ntsName]);
    expect([code, exitCode, json.authenticated]).toEqual([code, 0, true]);
  }
  // Twice the same answer is one.
  proxy.attack = (answer) => [answer, answer];
  expect((await stage.time([behind.ntsName], "--samples", "2")).exitCode).toBe(0);
  proxy.attack = pass;
});

/** A server of key exchanges that is not as it should be, and what is said of it. */
type Hostile = readonly [
  what: string,
  options: (stage: NtsStage) => Promise<Parameters<NtsStage["server"]>[1]>,
  reason: RegExp,
];

const exchange =
  (run: NonNullable<NtsServerOptions["exchange"]>): Hostile[1] =>
  () =>
    Promise.resolve({ exchange: run });
const certified =
  (...extensions: readonly string[]): Hostile[1] =>
  () =>
    Promise.resolve({ certificate: { extensions } });

const HERE = "subjectAltName = IP:127.0.0.1";
const untrusted = /^no keys: its certificate leads to no authority that is trusted here$/;

const CERTIFICATES: readonly Hostile[] = [
  ["for another host", certified("subjectAltName = IP:127.0.0.9"), /its certificate is not for 127\.0\.0\.1/],
  ["for clients alone", certified(HERE, "extendedKeyUsage = clientAuth"), /is not for servers/],
  [
    "by an unknown authority",
    async (stage) => {
      const { createAuthority } = await import("../../support/net/authority.ts");
      return { issuer: await createAuthority(stage.folder, "stranger") };
    },
    untrusted,
  ],
  [
    "beyond name constraints",
    async ({ authority }) => {
      const extensions = [
        "basicConstraints = critical,CA:TRUE",
        "nameConstraints = critical,excluded;IP:127.0.0.0/255.0.0.0",
      ];
      return { issuer: await authority.subordinate("limited", { extensions }) };
    },
    /a name that an authority of it may not certify/,
  ],
  [
    "beyond pathLen",
    async ({ authority }) => {
      const extensions = ["basicConstraints = critical,CA:TRUE,pathlen:0", "keyUsage = critical,keyCertSign"];
      const short = await authority.subordinate("short", { extensions });
      return { issuer: await short.subordinate("deep") };
    },
    /longer than an authority of it allows/,
  ],
  [
    "long expired",
    () => Promise.resolve({ certificate: { from: "20200101000000Z", to: "20210101000000Z" } }),
    /its certificate expired on 2021-01-01/,
  ],
];

const EXCHANGES: readonly Hostile[] = [
  ["no common AEAD", exchange(({ cookies }) => answerBytes({ cookies, aead: [] })), /no algorithm in common/],
  ["no cookies", exchange(({ port }) => answerBytes({ cookies: [], port: port ?? 0 })), /gave no cookie/],
  [
    "it trickles",
    exchange((honest, socket) => {
      const bytes = answerBytes(honest);
      let at = 0;
      const drip = setInterval(() => socket.write(bytes.slice(at, (at += 1))), 20);
      socket.on("close", () => clearInterval(drip));
      return null;
    }),
    /no key exchange in time/,
  ],
  [
    "it floods",
    exchange(() =>
      Buffer.concat(
        Array.from({ length: 4_096 }, () => Buffer.from([0x40, 0, 0, 16, ...new Uint8Array(16)])),
      ),
    ),
    /longer than 16384 bytes/,
  ],
  [
    "it names a host where nobody is",
    exchange(({ cookies }) => answerBytes({ cookies, server: "127.0.0.77", port: 9 })),
    /connection refused|no answer within/,
  ],
  [
    "it names a host that is none",
    exchange(({ cookies }) => answerBytes({ cookies, server: "no-such-host.invalid", port: 123 })),
    /cannot resolve no-such-host\.invalid/,
  ],
];

async function hostiles(
  stage: NtsStage,
  list: readonly Hostile[],
): Promise<readonly (readonly [Hostile, NtsServer])[]> {
  const made: (readonly [Hostile, NtsServer])[] = [];
  for (const [index, hostile] of list.entries()) {
    const options = await hostile[1](stage);
    made.push([hostile, await stage.server(`hostile-${index}`, { offsetS: 3_600, ...options })]);
  }
  return made;
}

withChronyd(
  "key exchanges that are not as they should be: exit 4 alone, no say beside two chronyds",
  async () => {
    await using stage = await NtsStage.open();
    const honest = (await Promise.all(["one", "two"].map((name) => stage.chronyd(name)))).map(
      ({ ntsName }) => ntsName,
    );
    for (const [[what, , reason], server] of await hostiles(stage, [...EXCHANGES, ...CERTIFICATES])) {
      const alone = await stage.time([server.name], ...quick());
      expect([what, alone.exitCode, alone.json.offset_s]).toEqual([what, 4, null]);
      expect([what, alone.json.servers[0]?.reason]).toEqual([what, expect.stringMatching(reason)]);
      const among = await stage.time([server.name, ...honest], ...quick());
      expect([what, among.exitCode]).toEqual([what, 0]);
      expectOffset(among.json, 0);
    }
  },
);

// The engine's clock alone is changed: what it sees as out of date is checked by hand.
needsExecution(
  "faketime",
  "chronyd",
  "openssl",
)("by a clock in 1970 and in 2055: two chronyds are right, no fault is overlooked", async () => {
  await using stage = await NtsStage.open();
  const honest = (await Promise.all(["one", "two"].map((name) => stage.chronyd(name)))).map(
    ({ ntsName }) => ntsName,
  );
  const made = await hostiles(stage, CERTIFICATES);
  const today = Date.now() / 86_400_000;
  for (const year of [1970, 2055]) {
    const days = Math.round(Date.UTC(year, 6) / 86_400_000 - today);
    const shift = `${days > 0 ? "+" : ""}${days}d`;
    const at = async (names: readonly string[]): Promise<{ exitCode: number; json: TimeJson }> => {
      const args = [...stage.arguments(names), ...quick(), "--fresh"];
      const run = await runCommand(["faketime", "-f", shift, BINARY, "time", "--json", ...args]);
      return { exitCode: run.exitCode, json: JSON.parse(run.stdout) as TimeJson };
    };
    const two = await at(honest);
    expect([year, two.exitCode, two.json.source, two.json.authenticated]).toEqual([year, 0, "nts", true]);
    const lone = await at(honest.slice(0, 1));
    expect([year, lone.exitCode, lone.json.offset_s]).toEqual([year, 4, null]);
    expect(lone.json.note).toContain("by this clock certificates are not valid");
    for (const [[what, , reason], server] of made) {
      const { exitCode, json } = await at([server.name]);
      expect([year, what, exitCode, json.offset_s]).toEqual([year, what, 4, null]);
      expect([year, what, json.servers[0]?.reason]).toEqual([year, what, expect.stringMatching(reason)]);
    }
  }
});
