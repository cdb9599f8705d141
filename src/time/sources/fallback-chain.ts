import { plural } from "../../lib/format/count.ts";
import { wait } from "../../lib/wait.ts";
import type { Clock, Reading } from "../clock/clock.ts";
import type { HttpsTime } from "./https-date.ts";
import type { LocalAnswer } from "./local-source.ts";
import { type MeasureContext, measureServers, type ServerMeasurement } from "../measure.ts";
import type { Measurement } from "../result.ts";
import { RTC_ADJTIME } from "./rtc.ts";
import type { MeasureSettings } from "../options.ts";

export interface ObtainContext extends MeasureContext {
  /** The last time confirmed by servers; available once `open` is done. */
  readonly lastGoodNs: () => bigint | null;
  /** The system clock as last saved in the store. */
  readonly savedNs: () => bigint | null;
}

export interface Obtained {
  readonly measurement: Measurement;
  /** Null if no server was queried. */
  readonly servers: ServerMeasurement | null;
}

/** HTTPS servers are queried in parallel if no NTP server has answered by then. */
const HTTPS_AFTER_MS = 500;
/** How much longer than the timeout HTTPS may take: the command as a whole may take one second more. */
const HTTPS_GRACE_MS = 700;

const NOTHING: Measurement = {
  source: null,
  authenticated: false,
  offsetNs: null,
  offsetRawNs: null,
  delayNs: null,
  errorBoundNs: null,
  stratum: null,
  leap: "unknown",
  server: null,
  address: null,
  reports: [],
  asked: 0,
  answered: 0,
  agreeing: 0,
  tolerance: null,
  note: null,
  passedOver: [],
};

function lead({ realNs, rawNs }: Reading): bigint {
  return realNs - rawNs;
}

function ofServers(servers: ServerMeasurement, isNts: boolean, now: Reading): Measurement {
  const { answer, reports, asked, answered, reason } = servers.assessment;
  const common = { ...NOTHING, reports, asked, answered };
  if (answer === null) return { ...common, note: reason };
  const { offsetRawNs, errorBoundNs, delayNs, stratum, leap, host, address, agreeing, tolerance } = answer;
  return {
    ...common,
    source: isNts ? "nts" : "ntp",
    authenticated: isNts,
    offsetNs: offsetRawNs - lead(now),
    offsetRawNs,
    delayNs,
    errorBoundNs,
    stratum,
    leap,
    server: host,
    address,
    agreeing,
    tolerance,
  };
}

function ofLocal(
  local: LocalAnswer,
  without: Measurement,
  passedOver: readonly string[],
  now: Reading,
): Measurement {
  const { source, offsetNs, errorBoundNs, basis } = local;
  const offsetRawNs = offsetNs === null ? null : offsetNs + lead(now);
  return { ...without, source, offsetNs, offsetRawNs, errorBoundNs, note: basis, passedOver };
}

/** Runs HTTPS in parallel with NTP, from HTTPS_AFTER_MS on or as soon as NTP has failed; `stop` cancels it. */
class HttpsAlongside {
  readonly #beginNow = new AbortController();
  readonly #end = new AbortController();
  #isUnused = false;
  readonly result: Promise<HttpsTime>;
  readonly #settings: MeasureSettings;
  readonly #clock: Clock;
  readonly #buildTimeS: number;

  constructor(settings: MeasureSettings, clock: Clock, buildTimeS: number, signal: AbortSignal) {
    this.#settings = settings;
    this.#clock = clock;
    this.#buildTimeS = buildTimeS;
    this.result = this.#run(signal);
  }

  async #run(signal: AbortSignal): Promise<HttpsTime> {
    const [settings, clock, buildTimeS] = [this.#settings, this.#clock, this.#buildTimeS];
    const limit = AbortSignal.timeout(Math.ceil(settings.timeout + HTTPS_GRACE_MS));
    const ended = AbortSignal.any([signal, this.#end.signal, limit]);
    await wait(HTTPS_AFTER_MS, AbortSignal.any([ended, this.#beginNow.signal]));
    if (this.#isUnused || ended.aborted) return { answer: null, failures: [] };
    const { httpsTime } = await import("./https-date.ts");
    const { httpsServer: urls, httpsCa: caFile } = settings;
    return httpsTime({ urls, caFile, clock, buildTimeS, signal: ended });
  }

  begin(): void {
    this.#beginNow.abort();
  }

  stop(): void {
    this.#isUnused = true;
    this.#end.abort();
  }
}

async function obtainLocal(context: ObtainContext, without: Measurement): Promise<Measurement> {
  const { settings, clock, buildTimeS } = context;
  const { localAnswer } = await import("./local-source.ts");
  const now = clock.read();
  const { answer, passedOver } = localAnswer(
    {
      sources: settings.localSource,
      rtc: { sysfs: settings.rtc, device: settings.rtcDevice, adjtime: RTC_ADJTIME },
      scan: {
        files: settings.trustedFile,
        folders: settings.trustedFolder,
        depth: settings.scanDepth,
        limit: settings.scanFiles,
      },
      lastGoodNs: context.lastGoodNs(),
      savedNs: context.savedNs(),
      floorNs: BigInt(buildTimeS) * 1_000_000_000n,
    },
    now,
  );
  return ofLocal(answer, without, [...without.passedOver, ...passedOver], now);
}

/** The time from the best source that the settings allow: servers, HTTPS, the machine itself. */
export async function obtain(context: ObtainContext): Promise<Obtained> {
  const { settings, clock, signal } = context;
  if (settings.offline) {
    await context.open();
    return { measurement: await obtainLocal(context, NOTHING), servers: null };
  }
  // A user who asks for authenticated time gets no substitute.
  const https =
    settings.fallback && !settings.nts
      ? new HttpsAlongside(settings, clock, context.buildTimeS, signal)
      : null;
  const servers = await measureServers(context);
  const measurement = ofServers(servers, settings.nts, clock.read());
  if (https === null || measurement.source !== null || signal.aborted) {
    https?.stop();
    return { measurement, servers };
  }
  https.begin();
  const { answer, failures } = await https.result;
  https.stop();
  const without: Measurement = { ...measurement, passedOver: [`ntp: ${measurement.note ?? ""}`] };
  if (answer === null) {
    const why = failures.length > 0 ? failures.join("; ") : "no HTTPS server answered in time";
    const passedOver = [...without.passedOver, `https: ${why}`];
    return { measurement: await obtainLocal(context, { ...without, passedOver }), servers };
  }
  const { offsetRawNs, errorBoundNs, delayNs, host, asked, answered, agreeing, tolerance } = answer;
  return {
    measurement: {
      ...without,
      source: "https",
      offsetNs: offsetRawNs - lead(clock.read()),
      offsetRawNs,
      delayNs,
      errorBoundNs,
      server: host,
      asked,
      answered,
      agreeing,
      tolerance,
      note: `the Date header of ${plural(agreeing, "HTTPS server")}`,
    },
    servers,
  };
}
