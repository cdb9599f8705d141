import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { openStore } from "../../../src/db/open.ts";
import { NO_TOKENS } from "../../../src/nodes/fleet/access.ts";
import { askBoards } from "../../../src/nodes/fleet/remote-nodes.ts";
import { keepFrame } from "../../../src/nodes/fleet/kept-frames.ts";
import { encodeFrame } from "../../../src/nodes/fleet/frame-codec.ts";
import type { NodeFrame } from "../../../src/nodes/fleet/node-frame.ts";
import { encodeCells } from "../../../src/nodes/store/cell-sums.ts";
import { addLine, createRollup, encodeSummary } from "../../../src/nodes/store/rollup.ts";
import { HOUR_MS } from "../../../src/nodes/log/vocabulary.ts";
import { patient } from "../../support/emulation.ts";
import { type Peer, startPeer } from "../../support/net/peer.ts";

const NOW = Date.UTC(2026, 2, 2);
const WINDOW = { sinceMs: NOW - 24 * HOUR_MS, untilMs: NOW };
const PROXY = { httpProxy: null, httpsProxy: null, allProxy: null, noProxy: null };

const access = { tokens: { ...NO_TOKENS, common: "secret" }, ca: null, insecureHttp: false, proxy: PROXY };
const ask = (urls: readonly string[], store: ReturnType<typeof openStore> | null, queryTimeout: number) =>
  askBoards(
    urls.map((url) => ({ name: "pi", url })),
    { window: WINDOW, queryTimeout, access, store, signal: new AbortController().signal, nowMs: NOW },
  );

const head = (...lines: readonly string[]): string => `HTTP/1.1 ${lines.join("\r\n")}\r\n\r\n`;
const whole = (body: Uint8Array, ...headers: readonly string[]): Uint8Array =>
  Buffer.concat([Buffer.from(head("200 OK", `Content-Length: ${body.length}`, ...headers)), body]);
const json = (value: unknown): Uint8Array => whole(Buffer.from(JSON.stringify(value)));

/** One that answers a request, however long it takes to come, with these bytes. */
const says = (bytes: Uint8Array | string): Peer => startPeer((socket) => void socket.write(bytes));

const FRAME: NodeFrame = (() => {
  const { summary, cells } = createRollup();
  addLine(summary, WINDOW.sinceMs, 0);
  return {
    about: { newestMs: NOW, satellites: [], snapshot: null, scores: [] },
    hours: [{ startMs: WINDOW.sinceMs, summary: encodeSummary(summary), cells: encodeCells(cells) }],
  };
})();

/** An endless body goes on for as long as it is taken. */
function endless(): Peer {
  const chunk = Buffer.alloc(65_536, "x");
  return startPeer((socket) => {
    socket.write(head("200 OK"));
    const more = (): void => {
      for (let written = 0; written < 64; written += 1) if (socket.write(chunk) <= 0) break;
      if (socket.readyState > 0) setImmediate(more);
    };
    more();
  });
}

/** A byte now and then: never silent, never done. */
function trickling(): Peer {
  return startPeer((socket) => {
    socket.write(head("200 OK", "Content-Length: 100000"));
    const drip = (): void => {
      if (socket.readyState <= 0) return;
      socket.write("x");
      setTimeout(drip, 20);
    };
    drip();
  });
}

const ZEROS = Buffer.alloc(64 * 1_048_576);
type Hostile = readonly [what: string, peer: () => Peer, type: string, says: RegExp];

/** These would never end by themselves. */
const ENDLESS: readonly Hostile[] = [
  ["a trickled body", trickling, "lost", /no answer within/],
  ["silence", () => startPeer(() => {}), "lost", /no answer within/],
];

const HOSTILE: readonly Hostile[] = [
  ["an endless body", endless, "lost", /no end|no answer within/],
  ["a gzip bomb", () => says(whole(gzipSync(ZEROS), "Content-Encoding: gzip")), "lost", /unpacked/],
  [
    "a zstd bomb",
    () => says(whole(Bun.zstdCompressSync(ZEROS), "Content-Encoding: zstd")),
    "lost",
    /unpacked/,
  ],
  [
    "a redirect",
    () => says(head("302 Found", "Location: http://192.0.2.1/", "Content-Length: 0")),
    "lost",
    /redirects/,
  ],
  ["JSON in place of hours", () => says(json({ nodes: [] })), "lost", /no node's hours/],
  [
    "a frame with more behind it",
    () => says(whole(Buffer.concat([encodeFrame(FRAME), Buffer.from("x")]))),
    "lost",
    /no node's hours/,
  ],
  ["another protocol", () => says("SSH-2.0-OpenSSH_9.9\r\n\r\n\r\n"), "lost", /HTTP/],
  [
    "a cut",
    () => startPeer((socket) => void socket.end(head("200 OK", "Content-Length: 9"))),
    "lost",
    /closed/,
  ],
  ["an error of its own", () => says(head("500 Oops", "Content-Length: 0")), "lost", /HTTP 500/],
  ["404 of another program", () => says(head("404 No", "Content-Length: 0")), "lost", /HTTP 404/],
  ["a refused token", () => says(head("401 No", "Content-Length: 0")), "refused", /token/],
];

test.each([
  [ENDLESS, 300],
  [HOSTILE, patient(4_000)],
])(
  "hostile boards are given up in time and within bounds, and their neighbour is compared",
  async (boards, timeoutMs) => {
    using peers = new DisposableStack();
    const started = boards.map(([, start]) => peers.use(start()));
    const told = await ask(
      started.map(({ url }) => url),
      null,
      timeoutMs,
    );
    expect(
      boards.map(([what, , , expected], at) => {
        const figures = told[at];
        const reason = figures?.type === "lost" || figures?.type === "refused" ? figures.reason : "";
        return [what, figures?.type, expected.test(reason) ? "" : reason];
      }),
    ).toEqual(boards.map(([what, , type]) => [what, type, ""]));
    const beside = [
      ...boards.slice(-1).map(([, start]) => peers.use(start())),
      peers.use(says(whole(encodeFrame(FRAME)))),
    ];
    const [, good] = await ask(
      beside.map(({ url }) => url),
      null,
      patient(4_000),
    );
    expect(good).toMatchObject({ type: "gathered", node: { stale: null } });
  },
);

test("what a board told well is not lost to what it says later; a new store's numbers are not mixed with the old ones", async () => {
  using store = openStore({ path: ":memory:" });
  using good = says(whole(encodeFrame(FRAME)));
  const [first] = await ask([good.url], store, patient(2_000));
  expect(first).toMatchObject({ type: "gathered", node: { stale: null, data: { hours: { length: 1 } } } });
  const node = { name: "pi", url: good.url };
  const renumbered = (name: string): NodeFrame => ({
    hours: FRAME.hours.map((hour) => ({ ...hour, startMs: hour.startMs + HOUR_MS })),
    about: { ...FRAME.about, satellites: [[1, name]] },
  });
  const hours = (): number =>
    store.db.query<{ count: number }, []>("SELECT count(*) AS count FROM fleet_rollup").get()?.count ?? 0;
  const part = { sinceMs: WINDOW.sinceMs + HOUR_MS, untilMs: NOW };
  keepFrame(store.db, node, { frame: renumbered("a"), window: part, nowMs: NOW });
  expect(hours()).toBe(2);
  keepFrame(store.db, node, { frame: renumbered("b"), window: part, nowMs: NOW });
  expect(hours()).toBe(1);
});
