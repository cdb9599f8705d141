import { existsSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { Failure } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { type RunAs, type Service, type ServicePlan, SERVICES } from "../../render/service-unit.ts";
import { flagsOf, parseArguments } from "../command-line/arguments.ts";
import { commonOptions } from "../command-line/common-options.ts";
import { findCommand } from "../command-line/find-command.ts";
import { path, text, toggle } from "../../settings/kind.ts";
import { option, optional, type ValuesOf } from "../../settings/option.ts";

const flag = { scope: "flag" } as const;

export const serviceOptions = {
  user: option(toggle, false, "a service of your own session instead of a system service", flag),
  runAs: optional(text("NAME", "the name of a user"), "the user that a system service runs as", {
    ...flag,
    defaultText: "sync: the folder's owner; others: the owner of the services' store, or a dynamic user",
  }),
  apiKeyFile: optional(path, "sync: the file with the API key; the service gets it as a credential", {
    ...flag,
    placeholder: "FILE",
  }),
  sharedFile: optional(
    path,
    "sync: the file with the shared store's URL; the service gets it as a credential",
    {
      ...flag,
      placeholder: "FILE",
    },
  ),
} as const;

export type ServiceOptions = ValuesOf<typeof serviceOptions>;

const NO_SECRETS = { "api-key": null, shared: null } as const;

/** Where system services keep their store. */
const STATE_FOLDER = "/var/lib/nodupe";

/** @throws Failure (usage) if the word is not a service. */
export function serviceOf(word: string): Service {
  const service = SERVICES.find((known) => known === word);
  if (service !== undefined) return service;
  throw new Failure(
    "usage",
    `unknown service ${JSON.stringify(word)}: expected one of ${SERVICES.join(", ")}${didYouMean(word, SERVICES)}`,
  );
}

/** The name of an id in one of the two files; the id itself if it has none. */
function nameOf(id: number, file: "/etc/passwd" | "/etc/group"): string {
  try {
    const line = readFileSync(file, "utf8")
      .split("\n")
      .find((entry) => entry.split(":")[2] === `${id}`);
    return line?.split(":")[0] ?? `${id}`;
  } catch {
    return `${id}`;
  }
}

function ownerOf(file: string): string {
  return nameOf(statSync(file).uid, "/etc/passwd");
}

const GROUP_READS = 0o040;
const OTHERS_READ = 0o004;
const ROOT = 0;

/** The groups that give read access to files that not everybody can read. No job gets root's group. */
function readersOf(files: readonly string[]): string[] {
  const gids = files
    .map((file) => statSync(file))
    .filter(({ mode }) => (mode & OTHERS_READ) === 0 && (mode & GROUP_READS) !== 0)
    .map(({ gid }) => gid)
    .filter((gid) => gid !== ROOT);
  return [...new Set(gids)].map((gid) => nameOf(gid, "/etc/group"));
}

function runAsOf(service: Service, reads: readonly string[], asked: string | null): RunAs {
  if (asked !== null) return { type: "user", name: asked };
  const [folder] = reads;
  if (service === "sync" && folder !== undefined) return { type: "user", name: ownerOf(folder) };
  // All services of a machine share one store, which only its owner can access. A dynamic user's store is behind a
  // symbolic link.
  if (existsSync(STATE_FOLDER) && statSync(STATE_FOLDER).uid !== 0) {
    const name = ownerOf(STATE_FOLDER);
    if (!/^\d+$/.test(name)) return { type: "user", name };
  }
  return { type: "dynamic" };
}

/**
 * Makes those words absolute that name existing files or folders: arguments, and the values of flags that take a path.
 * Other values stay as they are, whatever lies in the working directory: in `--node pi-1` a name.
 *
 * @throws Failure (usage) if the job's command would refuse the words.
 */
async function absolute(
  service: Service,
  words: readonly string[],
): Promise<{ args: string[]; reads: string[] }> {
  const found = await findCommand([service]);
  if (found.type !== "leaf") throw new Error(`Cannot find the command of the service ${service}`);
  const sections = { ...found.leaf.spec.options, common: commonOptions };
  parseArguments(words, sections, service);
  const flags = flagsOf(sections);
  const reads: string[] = [];
  let isName = false;
  const args = words.map((word) => {
    const wasName = isName;
    const flag = flags.get(word.replace(/^--/, ""))?.option;
    isName =
      word.startsWith("--") && flag !== undefined && flag.kind.placeholder !== null && flag.kind !== path;
    if (word.startsWith("-") || wasName || !existsSync(word)) return word;
    const full = resolve(word);
    reads.push(full);
    return full;
  });
  return { args, reads };
}

const HOMES = /^\/(home|root|run\/user)\//;

/** @throws Failure (usage) if systemd could not start the program as a user of its own. */
export function refuseHomeProgram({ scope, runAs: who, program }: ServicePlan): void {
  if (scope === "user" || who.type !== "dynamic" || !HOMES.test(program)) return;
  throw new Failure(
    "usage",
    `the service runs as a user of its own, which cannot run ${program} in a home folder; copy it first: sudo install ${program} /usr/local/bin/nodupe, then install the service with that one`,
  );
}

/**
 * What to run, and as which user.
 *
 * @throws Failure (usage) if the words and options are not enough to run the service.
 */
export async function servicePlan(
  words: readonly string[],
  options: ServiceOptions,
  configuredFolder: string | null,
): Promise<ServicePlan> {
  const [word = "", ...rest] = words;
  const service = serviceOf(word);
  const { args, reads } = await absolute(service, rest);
  if (service === "sync" && reads.length === 0) {
    const folder = rest.find((given) => !given.startsWith("-"));
    if (folder !== undefined)
      throw new Failure("usage", `there is no folder ${folder}; name the folder that holds the CVs`);
    if (configuredFolder === null)
      throw new Failure("usage", "name the folder that holds the CVs: nodupe service install sync FOLDER");
    args.unshift(configuredFolder);
    reads.push(configuredFolder);
  }
  if (service === "ingest" && !args.includes("--node"))
    throw new Failure(
      "usage",
      "name the node and its log: nodupe service install ingest -- --node NAME FILE",
    );
  return {
    service,
    scope: options.user ? "user" : "system",
    program: process.execPath,
    args,
    runAs: options.user
      ? { type: "user", name: userInfo().username }
      : runAsOf(service, reads, options.runAs),
    reads,
    // The folder of a sync is read as its owner and needs no groups.
    groups: service === "ingest" ? readersOf(reads) : [],
    secrets: service === "sync" ? { "api-key": options.apiKeyFile, shared: options.sharedFile } : NO_SECRETS,
  };
}
