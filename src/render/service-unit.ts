/** The jobs that run as services. */
export const SERVICES = ["sync", "time", "ingest", "serve"] as const;
export type Service = (typeof SERVICES)[number];

/** The flags that name files of secrets, by credential name. */
const SECRET_FLAGS = { "api-key": "--api-key-file", shared: "--shared-file" } as const;
type Secret = keyof typeof SECRET_FLAGS;

/** The user a system service runs as: an existing one, or one that systemd allocates while it runs (DynamicUser). */
export type RunAs = { readonly type: "user"; readonly name: string } | { readonly type: "dynamic" };

export interface ServicePlan {
  readonly service: Service;
  /** `system`: started at boot; `user`: started with the user's session. */
  readonly scope: "system" | "user";
  /** The program's absolute path. */
  readonly program: string;
  /** What follows the command's name: folders, files, flags. */
  readonly args: readonly string[];
  readonly runAs: RunAs;
  /** Folders that are read; they must be mounted first. */
  readonly reads: readonly string[];
  /** Further groups that the job needs to read them, besides its user's own: logs usually belong to `adm`. */
  readonly groups: readonly string[];
  /** The files that hold secrets, passed to the job as credentials with these names. */
  readonly secrets: Readonly<Record<Secret, string | null>>;
}

/** A unit's file name and text. */
export interface Unit {
  readonly name: string;
  readonly text: string;
}

const PURPOSES: Readonly<Record<Service, string>> = {
  sync: "uploads CVs as they appear",
  time: "keeps the clock right",
  ingest: "reads a storage node's log as it grows",
  serve: "the page and the API",
};

const WORDS: Readonly<Record<Service, readonly string[]>> = {
  sync: ["sync", "--watch"],
  time: ["time", "--watch", "--set", "--interval", "64s"],
  ingest: ["ingest", "--follow"],
  serve: ["serve"],
};

/** The command line of a service as words, for where credentials are not available. */
export function serviceCommand(plan: ServicePlan): readonly string[] {
  const { service, program, args } = plan;
  return [program, ...WORDS[service], ...secretsOf(plan).flatMap(({ flag, file }) => [flag, file]), ...args];
}

/** The secrets passed to a service. */
function secretsOf({ secrets }: ServicePlan): readonly { name: string; flag: string; file: string }[] {
  return (["api-key", "shared"] as const).flatMap((name) => {
    const file = secrets[name];
    return file === null ? [] : [{ name, flag: SECRET_FLAGS[name], file }];
  });
}

/** Variables that would affect the runtime embedded in the program. */
const UNSET = "UnsetEnvironment=BUN_BE_BUN BUN_OPTIONS BUN_INSPECT BUN_INSPECT_NOTIFY NODE_OPTIONS";

/** A command-line word in systemd's syntax: quoted, with literal `%` and `$`. */
function unitWord(word: string): string {
  const literal = word.replaceAll("\\", "\\\\").replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(word)
    ? literal
    : `"${literal.replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/** The same where systemd expands no variables. */
function mountWord(path: string): string {
  return unitWord(path).replaceAll("$$", "$");
}

/** A path for a directive where systemd expands only specifiers. */
function unitPath(path: string): string {
  return path.replaceAll("%", "%%");
}

function commandLine(plan: ServicePlan, words: readonly string[]): string {
  // systemd replaces %d by the credentials folder.
  const secrets = secretsOf(plan).flatMap(({ name, flag }) => [flag, `%d/${name}`]);
  return [unitWord(plan.program), ...words, ...secrets, ...plan.args.map(unitWord)].join(" ");
}

/** Privileges that none of our jobs needs. Not MemoryDenyWriteExecute: the engine compiles at run time. */
const HARDENING: readonly string[] = [
  "NoNewPrivileges=yes",
  "ProtectSystem=strict",
  "PrivateTmp=yes",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelLogs=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "RemoveIPC=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
  // Filtered system calls fail as on a kernel that lacks them, instead of killing the job.
  "SystemCallErrorNumber=EPERM",
  "UMask=0077",
];

/** The time service sets the clock and looks for other daemons in /proc; the others do neither. */
function hardening({ service, runAs: who, reads }: ServicePlan): readonly string[] {
  if (service === "time") {
    return [
      ...HARDENING,
      "AmbientCapabilities=CAP_SYS_TIME",
      "CapabilityBoundingSet=CAP_SYS_TIME",
      "DevicePolicy=closed",
      "DeviceAllow=char-rtc rw",
      "ProtectHome=yes",
      "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
      "SystemCallFilter=@system-service @clock",
      "SystemCallFilter=~@resources",
    ];
  }
  // Root needs these two capabilities to read files closed to others and to take leases on them.
  const isRoot = who.type === "user" && who.name === "root";
  // /tmp would be empty for a job that reads there.
  const isInTmp = reads.some((path) => /^\/(var\/)?tmp(\/|$)/.test(path));
  return [
    ...HARDENING.filter((line) => !isInTmp || line !== "PrivateTmp=yes"),
    ...(isRoot
      ? ["CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_LEASE"]
      : ["CapabilityBoundingSet=", "PrivateUsers=yes"]),
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    // Folders of CVs and logs can be in a home folder.
    service === "serve" ? "ProtectHome=yes" : "ProtectHome=read-only",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
  ];
}

function runAs(plan: ServicePlan): readonly string[] {
  if (plan.scope === "user") return [];
  return [
    ...(plan.runAs.type === "dynamic" ? ["DynamicUser=yes", "User=nodupe"] : [`User=${plan.runAs.name}`]),
    ...(plan.groups.length === 0 ? [] : [`SupplementaryGroups=${plan.groups.join(" ")}`]),
    "StateDirectory=nodupe",
    "StateDirectoryMode=0700",
    "Environment=NODUPE_DB=%S/nodupe/nodupe.db XDG_CONFIG_HOME=/etc",
  ];
}

function section(name: string, lines: readonly string[]): string {
  return [`[${name}]`, ...lines].join("\n");
}

function unitText(sections: Readonly<Record<string, readonly string[]>>): string {
  return `${Object.entries(sections)
    .map(([name, lines]) => section(name, lines))
    .join("\n\n")}\n`;
}

function mainUnit(plan: ServicePlan): Unit {
  const { service, scope, reads } = plan;
  return {
    name: `nodupe-${service}.service`,
    text: unitText({
      Unit: [
        `Description=nodupe ${service}: ${PURPOSES[service]}`,
        `Documentation=man:nodupe-${service}(1)`,
        ...(service === "ingest" ? [] : ["Wants=network-online.target", "After=network-online.target"]),
        ...(service === "sync" && scope === "system" ? ["After=time-sync.target"] : []),
        ...(service === "time"
          ? ["Conflicts=systemd-timesyncd.service", "After=nodupe-time-boot.service"]
          : []),
        ...reads.map((path) => `RequiresMountsFor=${mountWord(path)}`),
      ],
      Service: [
        "Type=notify",
        "NotifyAccess=main",
        `ExecStart=${commandLine(plan, WORDS[service])}`,
        ...secretsOf(plan).map(({ name, file }) => `LoadCredential=${name}:${unitPath(file)}`),
        ...runAs(plan),
        UNSET,
        "Restart=always",
        "RestartSec=5s",
        // Ended by SIGTERM or SIGINT: stopping a service is not a failure.
        "SuccessExitStatus=130 143",
        // Retrying does not help with a wrong setting or a refused key.
        "RestartPreventExitStatus=2 5",
        "WatchdogSec=60s",
        "TimeoutStopSec=10s",
        ...(scope === "system" ? hardening(plan) : ["NoNewPrivileges=yes"]),
      ],
      Install: [`WantedBy=${scope === "system" ? "multi-user.target" : "default.target"}`],
    }),
  };
}

/** Sets the clock once at boot, before anything that waits for the right time. */
function bootUnit(plan: ServicePlan): Unit {
  const words = ["time", "--wait", "--set", "--max-error", "100ms"];
  return {
    name: "nodupe-time-boot.service",
    text: unitText({
      Unit: [
        "Description=nodupe time: sets the clock at boot",
        "Documentation=man:nodupe-time(1)",
        "Conflicts=systemd-timesyncd.service",
        "Wants=network-online.target time-sync.target",
        "After=network-online.target",
        "Before=time-sync.target",
      ],
      Service: [
        "Type=oneshot",
        "RemainAfterExit=yes",
        `ExecStart=${commandLine(plan, words)}`,
        ...runAs(plan),
        UNSET,
        "TimeoutStartSec=infinity",
        ...hardening(plan),
      ],
      Install: ["WantedBy=multi-user.target"],
    }),
  };
}

/** The systemd units of a service. */
export function systemdUnits(plan: ServicePlan): readonly Unit[] {
  const main = mainUnit(plan);
  return plan.service === "time" && plan.scope === "system" ? [main, bootUnit(plan)] : [main];
}
