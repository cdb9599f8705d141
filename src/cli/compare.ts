import { existsSync } from "node:fs";
import { compareOptions, type CompareSettings } from "../nodes/compare/options.ts";
import { pairingOptions, type PairingSettings } from "../nodes/ingest/options.ts";
import { storeOptions } from "../db/options.ts";
import { compileLate } from "../lib/engine.ts";
import { Failure } from "../lib/errors.ts";
import { escapeAll } from "../lib/format/escape.ts";
import type { Answer, OpenStore } from "../nodes/compare/answer.ts";
import type { Comparison } from "../nodes/compare/compare.ts";
import type { Window } from "../nodes/compare/load.ts";
import type { NodeSource } from "../nodes/compare/node-source.ts";
import type { Question } from "../nodes/compare/question.ts";
import { parseRemoteNode } from "../nodes/fleet/board-url.ts";
import { fleetOptions, type FleetSettings } from "../nodes/fleet/options.ts";
import type { LabelledNode } from "../nodes/fleet/remote-source.ts";
import type { Sections } from "../settings/option.ts";
import type { CompareReport } from "../render/compare/report.ts";
import { command, type ExitCode, type Invocation } from "./command-line/command.ts";

export const compare = command({
  name: "compare",
  purpose: "Says which storage nodes are really better, and why.",
  usage: "NODE NODE… (a NODE may be NAME=FILE or NAME@URL)",
  positionals: { min: 2, max: 20 },
  completes: "nodes",
  options: { store: storeOptions, compare: compareOptions, ingest: pairingOptions, fleet: fleetOptions },
  details:
    "NODE is a name in the store (see nodupe ingest); NAME=FILE reads a log directly, without a store; NAME@URL is a node that another board's nodupe serve has, as it is known from before while that board is away. A difference is called real where chance is ruled out (hours, not operations, are what varies; corrected for the number of questions asked) and it is large enough to matter.",
  examples: [
    ["nodupe compare pi-1 pi-2", "the last 7 days"],
    ["nodupe compare pi-1 pi-2 pi-3 --last 30d --type performance", "each against the fleet's median"],
    ["nodupe compare pi-1 pi-2@https://attic.lan:8443 --token-file token", "a node of another board"],
    ["nodupe compare old=old.log new=new.log.gz --format markdown", "two logs, no store"],
  ],
  result: () => import("../render/results/comparison.ts").then((module) => module.compareResult),
  exitCodes: {
    0: "compared",
    1: "a node's figures could not be read (the others are told)",
    2: "usage error, an unknown node, or a log that cannot be used",
    4: "none of the boards can be reached, and nothing is known of their nodes",
    5: "a log may not be read, or a board refuses the token",
  },
  run: async (invocation): Promise<ExitCode> => {
    const startedMs = performance.now();
    const { terminal, origins } = invocation;
    const given = invocation.options.compare;
    if (terminal.json && origins.compare.format.source === "flag" && given.format !== "json") {
      throw new Failure(
        "usage",
        `--json and --format ${given.format} ask for different things; give one of them`,
      );
    }
    const asked = askedNodes(invocation.positionals);
    const isBounded =
      given.since !== null || given.until !== null || origins.compare.last.source !== "default";
    const { answer, question, isOutOfReach } = await answerTo(asked, given, {
      isBounded,
      limits: invocation.options.ingest,
      fleet: invocation.options.fleet,
      invocation,
      open: ({ readonly }) => invocation.openStore({ readonly }),
    }).catch((error: unknown) => {
      throw withFileHint(error, asked);
    });
    const report: CompareReport = {
      ...answer,
      type: question.type,
      timeRange: question.rangeName,
      elapsedS: (performance.now() - startedMs) / 1000,
    };
    const format = terminal.json ? "json" : given.format;
    if (format === "json") {
      const { compareJson } = await import("../render/compare/report.ts");
      await terminal.resultJson(compareJson(report));
    } else await terminal.result(await rendered(escapeAll(report), format, terminal));
    for (const { node_name: name, error } of report.nodes)
      if (error !== null) terminal.error(`${name}: ${error}`);
    if (isOutOfReach) return 4;
    return report.nodes.some((node) => node.error !== null) ? 1 : 0;
  },
});

/** What a positional argument names. */
type Asked =
  | { readonly type: "stored"; readonly name: string }
  | { readonly type: "log"; readonly name: string; readonly path: string }
  | { readonly type: "remote"; readonly name: string; readonly url: string };

function askedNode(text: string): Asked {
  const remote = parseRemoteNode(text);
  if (remote !== null) return { type: "remote", ...remote };
  const at = text.indexOf("=");
  if (at < 0) return { type: "stored", name: text };
  const [name, path] = [text.slice(0, at), text.slice(at + 1)];
  if (name === "" || path === "")
    throw new Failure("usage", `${name}=${path}: expected NAME=FILE, a name and the log to read`);
  return { type: "log", name, path };
}

function urlOf(asked: Asked): string | null {
  return asked.type === "remote" ? asked.url : null;
}

function askedNodes(positionals: readonly string[]): Asked[] {
  const asked = positionals.map(askedNode);
  const seen = new Set<string>();
  for (const node of asked) {
    const url = urlOf(node);
    const known = url === null ? node.name : `${node.name}@${url}`;
    if (seen.has(known))
      throw new Failure("usage", `node ${known} is named twice; expected two different nodes or more`);
    seen.add(known);
  }
  return asked;
}

/** With more nodes than this, what is done for each of them is worth compiling earlier. */
const FEW_NODES = 4;

/** A log given without a name is refused like an unknown node; says how to give it. */
function withFileHint(error: unknown, asked: readonly Asked[]): unknown {
  const file = asked.find(({ type, name }) => type === "stored" && existsSync(name))?.name;
  if (!(error instanceof Failure) || file === undefined || !error.message.startsWith(`no node ${file} `))
    return error;
  return new Failure(
    "usage",
    `no node ${file} in the store; to read the file ${file}, name its node: NAME=${file}`,
    {
      cause: error,
    },
  );
}

interface How {
  readonly isBounded: boolean;
  readonly limits: PairingSettings;
  readonly fleet: FleetSettings;
  readonly invocation: Pick<Invocation<Sections>, "environment" | "signal" | "storePath">;
  readonly open: OpenStore;
}

interface Answered {
  readonly answer: Answer;
  readonly question: Question;
  /** There are no figures, since none of the boards can be reached. */
  readonly isOutOfReach: boolean;
}

async function answerTo(asked: readonly Asked[], given: CompareSettings, how: How): Promise<Answered> {
  const [{ answerStored }, { windowOf }] = await Promise.all([
    import("../nodes/compare/answer.ts"),
    import("../nodes/compare/window.ts"),
  ]);
  // Reading a log first is as much work as an ingest: too much to compile late.
  if (!asked.some(({ type }) => type === "log")) compileLate(asked.length > FEW_NODES ? 2 : 8);
  const nowMs = Date.now();
  const ofLast = windowOf({ lastMs: given.last, since: given.since, until: given.until }, nowMs);
  const question: Question = { ...given, window: ofLast.window, rangeName: ofLast.name };
  if (asked.every(({ type }) => type === "stored")) {
    const names = asked.map(({ name }) => name);
    return { answer: await answerStored(how.open, names, question, nowMs), question, isOutOfReach: false };
  }
  return await answerMixed(asked, question, how, nowMs);
}

async function answerMixed(
  asked: readonly Asked[],
  question: Question,
  how: How,
  nowMs: number,
): Promise<Answered> {
  const [{ storedSource }, { arrange, compareNodes }, { databaseSource, inSnapshot }, { labelsOf }] =
    await Promise.all([
      import("../nodes/compare/answer.ts"),
      import("../nodes/compare/compare.ts"),
      import("../nodes/compare/node-source.ts"),
      import("../nodes/fleet/board-url.ts"),
    ]);
  const { signal } = how.invocation;
  const labels = labelsOf(asked.map((node) => ({ name: node.name, url: urlOf(node) })));
  using opened = new DisposableStack();
  const spans: Window[] = [];
  const sources: NodeSource[] = [];
  const hasStored = asked.some(({ type }) => type === "stored");
  const store = hasStored ? opened.use(await how.open({ readonly: true })) : null;
  for (const node of asked) {
    if (node.type === "stored" && store !== null) sources.push(storedSource(store, node.name));
    if (node.type !== "log") continue;
    const { readLog } = await import("../nodes/ingest/log-source.ts");
    const log = opened.use(await readLog(node.name, node.path, { limits: how.limits, signal }));
    sources.push(databaseSource(node.name, log));
    if (log.span !== null) spans.push({ sinceMs: log.span.firstMs, untilMs: log.span.lastMs + 1 });
  }
  // Logs given without a range are compared over everything they contain.
  const isWhole = !how.isBounded && spans.length > 0;
  const whole: Window = {
    sinceMs: Math.min(...spans.map(({ sinceMs }) => sinceMs)),
    untilMs: Math.max(...spans.map(({ untilMs }) => untilMs)),
  };
  const about = isWhole ? { ...question, window: whole, rangeName: "all" } : question;
  const labelled = asked.flatMap((node, index) =>
    node.type === "remote" ? [{ ...node, label: labels[index] ?? node.name }] : [],
  );
  const lost = labelled.length === 0 ? 0 : await addRemote(sources, labelled, about, how, nowMs);
  const compared = (): Promise<Comparison> => compareNodes(sources, about);
  const comparison = await (store === null ? compared() : inSnapshot(store.db, compared));
  const { sinceMs, untilMs } = about.window;
  const answer = { ...arrange(comparison, labels, about.type), sinceMs, untilMs, cached: false, cache: null };
  return { answer, question: about, isOutOfReach: lost === asked.length };
}

/** Adds the nodes of other boards. Returns the number of nodes of which nothing is known. */
async function addRemote(
  sources: NodeSource[],
  labelled: readonly LabelledNode[],
  { window, queryTimeout }: Question,
  { fleet, invocation, open }: How,
  nowMs: number,
): Promise<number> {
  const [{ fleetAccess }, { remoteSources }] = await Promise.all([
    import("./access/fleet-access.ts"),
    import("../nodes/fleet/remote-source.ts"),
  ]);
  const { environment, signal, storePath } = invocation;
  const access = fleetAccess(fleet, environment);
  // The boards' answers are kept in the store if it exists; it is not created for that.
  using store = existsSync(storePath) ? await open({ readonly: true }) : null;
  const told = await remoteSources(labelled, { window, queryTimeout, access, store, signal, nowMs });
  if (told.refusal !== null)
    throw new Failure(
      "not-permitted",
      `${told.refusal}; name the file with the right one: --token-file FILE`,
    );
  sources.push(...told.sources);
  return told.lost;
}

async function rendered(
  report: CompareReport,
  format: Exclude<CompareSettings["format"], "json">,
  terminal: { columns: number; color: boolean; stdoutIsTerminal: boolean },
): Promise<string> {
  switch (format) {
    case "table": {
      const { compareTable } = await import("../render/compare/table.ts");
      return compareTable(report, {
        columns: terminal.stdoutIsTerminal ? terminal.columns : 80,
        color: terminal.color,
      });
    }
    case "csv":
    case "markdown": {
      const { compareCsv, compareMarkdown } = await import("../render/compare/text.ts");
      return format === "csv" ? compareCsv(report) : compareMarkdown(report);
    }
  }
}
