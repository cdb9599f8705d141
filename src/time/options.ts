import { formatServerName, type NamedServer, parseServerName, type ServerName } from "./net/server-name.ts";
import { LOCAL_SOURCES } from "./sources/source.ts";
import { TRANSPORTS } from "./net/transport.ts";
import { choice, duration, integer, type Kind, list, path, text, timer, toggle } from "../settings/kind.ts";
import { option, optional, type ValuesOf } from "../settings/option.ts";

const server: Kind<NamedServer> = {
  expected: "a host name or an address, with :PORT or not, IPv6 as [::1]:123",
  placeholder: "HOST[:PORT]",
  repeatable: false,
  parse: (value) => (typeof value === "string" ? parseServerName(value) : null),
  toToml: (value) => JSON.stringify(formatServerName(value)),
  json: { type: "string", pattern: String.raw`^(?!\d+$)\S+$` },
};

const httpsUrl: Kind<string> = {
  ...text("URL", "an https:// URL"),
  json: { type: "string", pattern: "^https://[^/]" },
  parse: (value) =>
    typeof value === "string" && /^https:\/\/[^/]/.test(value) && URL.canParse(value) ? value : null,
};

/** None of these smears leap seconds: never mix smeared and unsmeared servers. */
const DEFAULT_SERVERS: readonly NamedServer[] = [
  { host: "time.cloudflare.com", port: null },
  { host: "ntp.se", port: null },
  { host: "ptbtime1.ptb.de", port: null },
  { host: "time.nist.gov", port: null },
  { host: "2.pool.ntp.org", port: null },
];

/** Likewise, the defaults for `--nts`: five operators in five countries. */
const DEFAULT_NTS_SERVERS: readonly NamedServer[] = [
  { host: "time.cloudflare.com", port: null },
  { host: "nts.netnod.se", port: null },
  { host: "ptbtime1.ptb.de", port: null },
  { host: "nts.time.nl", port: null },
  { host: "a.st1.ntp.br", port: null },
];

const setting = { scope: "settings" } as const;
const flag = { scope: "flag" } as const;

/** The part of `[time]` that a measurement needs; `nodupe stamp` has these too. */
export const measureOptions = {
  server: option(list(server), DEFAULT_SERVERS, "a time server", {
    defaultText: DEFAULT_SERVERS.map(({ host }) => host).join(", "),
  }),
  ntsServer: option(list(server), DEFAULT_NTS_SERVERS, "with nts, where no server is named", setting),
  nts: option(toggle, false, "authenticated time only (NTS); servers are key exchanges, HOST[:4460]", {
    excludes: ["offline"],
  }),
  ntsCa: optional(path, "with --nts: more authorities to trust, as PEM", {
    needs: "nts",
    example: "/etc/ssl/own-ca.pem",
  }),
  fresh: option(toggle, false, "with --nts: exchange keys again, use no cookie from an earlier run", {
    ...flag,
    needs: "nts",
  }),
  samples: option(integer(1, 64), 1, "samples from each server; the one with the least delay counts"),
  timeout: option(timer, 3_000, "the longest wait for servers; the command ends within a second after it"),
  minServers: option(integer(1), 1, "how many servers must agree"),
  fallback: option(toggle, false, "if no server answers, use HTTPS, the RTC, files or the build time"),
  offline: option(toggle, false, "use no network: the best local source", flag),

  transport: option(choice(TRANSPORTS), "auto", "kernel timestamps, or the runtime's sockets", setting),
  dnsCacheSize: option(integer(1), 256, "DNS names cached", setting),
  dnsLeastTtl: option(duration, 60_000, "cache a name at least this long", setting),
  dnsMostTtl: option(duration, 86_400_000, "cache a name at most this long", setting),
  httpsServer: option(
    list(httpsUrl),
    ["https://www.cloudflare.com", "https://www.debian.org", "https://www.wikipedia.org"],
    "HTTPS servers whose Date header is the first fallback",
    setting,
  ),
  httpsCa: optional(path, "PEM file with further certificate authorities for those servers", {
    ...setting,
    example: "/etc/ssl/own-ca.pem",
  }),
  localSource: option(
    list(choice(LOCAL_SOURCES)),
    LOCAL_SOURCES,
    "local fallbacks, in order of preference",
    setting,
  ),
  rtc: option(path, "/sys/class/rtc/rtc0", "sysfs folder of the hardware clock", setting),
  rtcDevice: option(path, "/dev/rtc0", "the hardware clock to set after a step", setting),
  trustedFile: option(
    list(path),
    ["/etc/fake-hwclock.data", "/var/lib/systemd/timesync/clock"],
    "files whose timestamps are certainly in the past",
    setting,
  ),
  trustedFolder: option(list(path), ["/var/log"], "folders with such files", setting),
  scanDepth: option(integer(1), 2, "how deep to look into those folders", setting),
  scanFiles: option(integer(1), 100, "how many files to look at", setting),
  driftSpan: option(duration, 60_000, "how long samples must span before drift is reported", setting),
} as const;

export type MeasureSettings = ValuesOf<typeof measureOptions>;

const NTP_PORT = 123;
const NTS_PORT = 4_460;

/** The servers to query; with NTS, the key exchange servers. */
export function serversOf({ server: named, nts }: MeasureSettings): readonly ServerName[] {
  return named.map(({ host, port }) => ({ host, port: port ?? (nts ? NTS_PORT : NTP_PORT) }));
}

/** `[time]`. */
export const timeOptions = {
  ...measureOptions,
  set: option(toggle, false, "step or slew the system clock", flag),
  force: option(toggle, false, "with --set: even if another daemon owns the clock", {
    ...flag,
    needs: "set",
  }),
  stepThreshold: option(duration, 500, "with --set: step from this offset on, slew below it", {
    needs: "set",
  }),
  maxStep: optional(duration, "with --set: refuse larger offsets", {
    needs: "set",
    example: 1_000_000,
    defaultText: "1000s, and any for a clock that is older than the program",
  }),
  check: option(toggle, false, "exit 0 only if the clock is certainly within --max-offset, else 3", flag),
  maxOffset: option(duration, 1_000, "what --check allows", { needs: "check" }),
  wait: option(toggle, false, "at boot: try again until the time is known to within --max-error", {
    ...flag,
    excludes: ["watch", "offline"],
  }),
  maxError: option(duration, 100, "with --wait: how well the time must be known", { needs: "wait" }),
  waitTimeout: optional(timer, "with --wait: give up after this, with exit 4", {
    needs: "wait",
    example: 120_000,
    defaultText: "none",
  }),
  watch: option(toggle, false, "keep measuring, one result a round", flag),
  interval: option(timer, 60_000, "with --watch: time from one round to the next", { needs: "watch" }),
} as const;

export type TimeSettings = ValuesOf<typeof timeOptions>;
