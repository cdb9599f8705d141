import { compareOptions, type CompareSettings } from "../nodes/compare/options.ts";
import { pairingOptions, type PairingSettings } from "../nodes/ingest/options.ts";
import { storeOptions } from "../db/options.ts";
import { Failure } from "../lib/errors.ts";
import { escapeAll } from "../lib/format/escape.ts";
import type { Answer, OpenStore } from "../nodes/compare/answer.ts";
import type { Window } from "../nodes/compare/load.ts";
import type { Question } from "../nodes/compare/question.ts";
import type { CompareReport } from "../render/compare/report.ts";
import { command, type ExitCode } from "./command-line/command.ts";

export const compare = command({
  name: "compare",
  purpose: "Says which storage nodes are really better, and why.",
  usage: "NODE NODE… (a NODE may be NAME=FILE)",
  positionals: { min: 2, max: 20 },
  completes: "nodes",
  options: { store: storeOptions, compare: compareOptions, ingest: pairingOptions },
  details:
    "NODE is a name in the store (see nodupe ingest); NAME=FILE reads a log directly, without a store. A difference is called real where chance is ruled out (hours, not operations, are what varies; corrected for the number of questions asked) and it is large enough to matter.",
  examples: [
    ["nodupe compare pi-1 pi-2", "the last 7 days"],
    ["nodupe compare pi-1 pi-2 pi-3 --last 30d --type performance", "each against the fleet's median"],
    ["nodupe compare old=old.log new=new.log.gz --format markdown", "two logs, no store"],
  ],
  result: () => import("../render/results/comparison.ts").then((module) => module.compareResult),
  exitCodes: {
    0: "compared",
    1: "a node's figures could not be read (the others are told)",
    2: "usage error, an unknown node, or a log that cannot be used",
    5: "a log may not be read",
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
    const { answer, question } = await answerTo(asked, given, {
      isBounded,
      limits: invocation.options.ingest,
      signal: invocation.signal,
      open: ({ readonly }) => invocation.openStore({ readonly }),
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
    return report.nodes.some((node) => node.error !== null) ? 1 : 0;
  },
});

interface Asked {
  readonly name: string;
  /** null: a node of the store. */
  readonly path: string | null;
}

function askedNodes(positionals: readonly string[]): Asked[] {
  const asked = positionals.map((text): Asked => {
    const at = text.indexOf("=");
    return at < 0 ? { name: text, path: null } : { name: text.slice(0, at), path: text.slice(at + 1) };
  });
  const seen = new Set<string>();
  for (const { name, path } of asked) {
    if (name === "" || path === "") {
      throw new Failure("usage", `${name}=${path ?? ""}: expected NAME=FILE, a name and the log to read`);
    }
    if (seen.has(name))
      throw new Failure("usage", `node ${name} is named twice; expected two different nodes or more`);
    seen.add(name);
  }
  return asked;
}

async function answerTo(
  asked: readonly Asked[],
  given: CompareSettings,
  how: { isBounded: boolean; limits: PairingSettings; signal: AbortSignal; open: OpenStore },
): Promise<{ answer: Answer; question: Question }> {
  const [{ answerStored, requireNode, storedSource }, { windowOf }] = await Promise.all([
    import("../nodes/compare/answer.ts"),
    import("../nodes/compare/window.ts"),
  ]);
  const nowMs = Date.now();
  const ofLast = windowOf({ lastMs: given.last, since: given.since, until: given.until }, nowMs);
  const question: Question = { ...given, window: ofLast.window, rangeName: ofLast.name };
  const names = asked.map(({ name }) => name);
  const logs = asked.filter((node) => node.path !== null);
  if (logs.length === 0) {
    return { answer: await answerStored(how.open, names, question, nowMs), question };
  }

  const [{ readLog }, { arrange, compareNodes }, { databaseSource }] = await Promise.all([
    import("../nodes/ingest/log-source.ts"),
    import("../nodes/compare/compare.ts"),
    import("../nodes/compare/node-source.ts"),
  ]);
  using opened = new DisposableStack();
  const spans: Window[] = [];
  const sources = [];
  for (const { name, path } of asked) {
    if (path === null) {
      using store = await how.open({ readonly: true });
      sources.push(storedSource(requireNode(store, name), how.open));
      continue;
    }
    const log = opened.use(await readLog(name, path, { limits: how.limits, signal: how.signal }));
    sources.push(databaseSource(name, () => log.source.open()));
    if (log.span !== null) spans.push({ sinceMs: log.span.firstMs, untilMs: log.span.lastMs + 1 });
  }
  // Logs named without a range are compared over all that they hold.
  const isWhole = !how.isBounded && spans.length > 0;
  const whole: Window = {
    sinceMs: Math.min(...spans.map(({ sinceMs }) => sinceMs)),
    untilMs: Math.max(...spans.map(({ untilMs }) => untilMs)),
  };
  const about = isWhole ? { ...question, window: whole, rangeName: "all" } : question;
  const comparison = await compareNodes(sources, about);
  const { sinceMs, untilMs } = about.window;
  const answer = { ...arrange(comparison, names, about.type), sinceMs, untilMs, cached: false, cache: null };
  return { answer, question: about };
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
