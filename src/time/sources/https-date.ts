import type { TLSSocket } from "node:tls";
import { messageOf } from "../../lib/errors.ts";
import { connectTls } from "../net/tls-connection.ts";
import { verifyPeer } from "../net/x509/peer.ts";
import { type Roots, trustedRoots } from "../net/x509/roots.ts";
import type { Clock } from "../clock/clock.ts";
import { combine, type Tolerance } from "../ntp/combine.ts";
import { majority, type Vote } from "../ntp/select.ts";
import { faultOfTime } from "../ntp/verify-answer.ts";

const NS_PER_S = 1_000_000_000n;
/** The longest head of an answer that is read. */
const HEAD_BYTES = 16_384;

export interface HttpsOptions {
  readonly urls: readonly string[];
  /** Further authorities to trust, in PEM; null for the built-in ones alone. */
  readonly caFile: string | null;
  readonly clock: Clock;
  /** When the program was built, in Unix seconds: no earlier time or certificate is right. */
  readonly buildTimeS: number;
  readonly signal: AbortSignal;
}

interface HttpsAnswer {
  /** True time minus raw monotonic time. */
  readonly offsetRawNs: bigint;
  readonly errorBoundNs: bigint;
  readonly delayNs: bigint;
  readonly host: string;
  readonly agreeing: number;
  /** How many liars the bound tolerates. */
  readonly tolerance: Tolerance;
  readonly asked: number;
  readonly answered: number;
}

/** The combined answer, and why servers failed that did. */
export interface HttpsTime {
  readonly answer: HttpsAnswer | null;
  readonly failures: readonly string[];
}

interface DateReading {
  readonly vote: Vote;
  readonly delayNs: bigint;
  readonly host: string;
  /** Whether its certificate is valid by this machine's clock. */
  readonly isValidNow: boolean;
}

/**
 * The Date in the head of an answer, in Unix milliseconds. Copies from a shared cache have an Age and an old Date:
 * refused.
 */
export function dateOfHead(head: string): number | string {
  if (!/^HTTP\/1\.[01] \d{3}/.test(head)) return "it does not speak HTTP";
  const age = /^age: *(\d+)/im.exec(head);
  if (age !== null && Number(age[1]) > 0) return "its answer comes from a cache";
  const ms = Date.parse(/^date: *(.+?)\r?$/im.exec(head)?.[1] ?? "");
  return Number.isNaN(ms) ? "its answer has no Date header" : ms;
}

/** Sends a HEAD request over TLS; resolves with the head and the times of request and answer. */
function requestHead(
  socket: TLSSocket,
  host: string,
  clock: Clock,
): Promise<{ readonly head: string; readonly sentRawNs: bigint; readonly receivedRawNs: bigint }> {
  return new Promise((resolve, reject) => {
    let head = "";
    socket.on("data", (chunk: Buffer) => {
      const receivedRawNs = clock.rawNs();
      head += chunk.toString("latin1");
      if (head.includes("\r\n\r\n")) resolve({ head, sentRawNs, receivedRawNs });
      else if (head.length > HEAD_BYTES) reject(new Error("its answer's head is too long"));
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("it closed the connection")));
    const lines = [`HEAD / HTTP/1.1`, `Host: ${host}`, "Cache-Control: no-cache", "Connection: close"];
    const sentRawNs = clock.rawNs();
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
}

async function readDate(
  text: string,
  roots: Roots,
  { clock, signal, buildTimeS }: HttpsOptions,
): Promise<DateReading> {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 443 : Number(url.port);
  const socket = await connectTls({ host, address: host, port, roots, protocol: null, signal });
  try {
    const chain = verifyPeer(socket, host, roots, buildTimeS * 1_000);
    if (!chain.ok) throw new Error(chain.reason);
    const { head, sentRawNs, receivedRawNs } = await requestHead(socket, url.host, clock);
    const date = dateOfHead(head);
    if (typeof date === "string") throw new Error(date);
    const early = faultOfTime(BigInt(date) * 1_000_000n, buildTimeS);
    if (early !== null) throw new Error(early);
    if (date < chain.notBeforeMs - 1_000 || date > chain.notAfterMs) {
      throw new Error("its certificate is not valid at the time that it reports");
    }
    const delayNs = receivedRawNs - sentRawNs;
    // The Date was truncated to whole seconds at some moment between request and answer.
    const trueNs = BigInt(date) * 1_000_000n + NS_PER_S / 2n;
    const offsetNs = trueNs - (sentRawNs + delayNs / 2n);
    // Half a second for the truncation, and half for a server clock that is only roughly right.
    const vote: Vote = { id: text, offsetNs, rootDistanceNs: NS_PER_S + delayNs / 2n };
    return { vote, delayNs, host, isValidNow: chain.isValidNow };
  } finally {
    socket.destroy();
  }
}

/** The time by the Date headers of several HTTPS servers: a majority of them, accurate to about a second. */
export async function httpsTime(options: HttpsOptions): Promise<HttpsTime> {
  let roots: Roots;
  try {
    roots = trustedRoots(options.caFile);
  } catch (error) {
    return { answer: null, failures: [`cannot read the authorities to trust: ${messageOf(error)}`] };
  }
  const settled = await Promise.allSettled(options.urls.map((url) => readDate(url, roots, options)));
  const readings = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failures = settled.flatMap((result, index) =>
    result.status === "rejected" ? [`${options.urls[index]}: ${messageOf(result.reason)}`] : [],
  );
  const votes = readings.map(({ vote }) => vote);
  const agreement = majority(votes);
  const census = { asked: options.urls.length, answered: votes.length };
  const combination = agreement === null ? null : combine(agreement, census);
  const selected = readings.find(({ vote }) => vote.id === combination?.selected);
  if (agreement === null || combination === null || selected === undefined) {
    return {
      answer: null,
      failures: votes.length > 0 ? [...failures, "they contradict one another"] : failures,
    };
  }
  const agreed = readings.filter(({ vote }) => agreement.agreeing.includes(vote));
  const isOutvoted = agreement.support < 2 || agreement.support * 2 <= options.urls.length;
  if (isOutvoted && agreed.some(({ isValidNow }) => !isValidNow)) {
    const why = "their certificates are not valid by this clock, and too few of them agree that it is wrong";
    return { answer: null, failures: [...failures, why] };
  }
  const answer: HttpsAnswer = {
    offsetRawNs: combination.offsetNs,
    errorBoundNs: combination.errorBoundNs,
    delayNs: selected.delayNs,
    host: selected.host,
    agreeing: agreement.support,
    tolerance: combination.tolerance,
    ...census,
  };
  return { answer, failures };
}
