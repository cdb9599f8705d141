import type { Database } from "bun:sqlite";
import { messageOf } from "../../lib/errors.ts";
import { type Caveat, caveatsOf } from "./caveats.ts";
import { type Contribution, whyDifferent } from "./decomposition.ts";
import { hourGrid } from "./judge/hourly-series.ts";
import { intervalsOf, sideOf } from "./judge/side.ts";
import type { Verdict } from "./judge/verdict.ts";
import { verdictsOf } from "./judge/verdicts.ts";
import { gatherNode, type NodeData } from "./load.ts";
import { measure } from "./measure.ts";
import type { ComparisonType } from "./options.ts";
import { failedResult, nodeResult, type NodeResult } from "./node-result.ts";
import type { Question } from "./question.ts";
import { rankings } from "./ranking.ts";
import { metricNamed, type MetricName } from "./registry.ts";

interface Why {
  readonly metric: MetricName;
  readonly worse: string;
  readonly better: string;
  readonly contributions: readonly Contribution[];
}

/** The answer, but for the order of the nodes and what depends on it. */
export interface Comparison {
  readonly nodes: readonly NodeResult[];
  readonly verdicts: readonly Verdict[];
  readonly why: readonly Why[];
  readonly caveats: readonly Caveat[];
}

/** Where a node's figures are: an open store, closed by the disposing. */
export interface NodeSource {
  readonly name: string;
  open(): Promise<{ readonly db: Database; readonly nodeId: number } & Disposable>;
}

type Gathered =
  | {
      readonly type: "data";
      readonly name: string;
      readonly data: NodeData;
      readonly satellites: ReadonlyMap<number, string>;
    }
  | { readonly type: "failed"; readonly name: string; readonly reason: string };

function satelliteNames(db: Database): ReadonlyMap<number, string> {
  const rows = db.query<{ id: number; name: string }, []>("SELECT id, name FROM satellite").all();
  return new Map(rows.map((row) => [row.id, row.name]));
}

async function gather(source: NodeSource, options: Question): Promise<Gathered> {
  try {
    using store = await source.open();
    const deadline = performance.now() + options.queryTimeout;
    const data = gatherNode(store.db, store.nodeId, options.window, deadline);
    return { type: "data", name: source.name, data, satellites: satelliteNames(store.db) };
  } catch (error) {
    // One node's trouble is told beside the others' figures.
    return { type: "failed", name: source.name, reason: messageOf(error) };
  }
}

/** Where the real differences come from, one of each metric and pair; of the latencies the mean stands for all. */
function explain(verdicts: readonly Verdict[], gathered: readonly Gathered[]): Why[] {
  const inputs = new Map(
    gathered
      .filter((node) => node.type === "data")
      .map(({ name, data, satellites }) => [
        name,
        {
          cells: data.cells,
          hours: data.hours,
          satelliteName: (id: number) => satellites.get(id) ?? "unknown",
        },
      ]),
  );
  const told = new Set<string>();
  const why: Why[] = [];
  for (const { metric, worse, better, significant } of verdicts) {
    const a = inputs.get(worse ?? "");
    const b = inputs.get(better ?? "");
    if (!significant || worse === null || better === null || a === undefined || b === undefined) continue;
    const { question, lowerIsBetter } = metricNamed(metric);
    const part = question?.type === "share" ? question : null;
    const about: MetricName = part === null ? "avg_latency_mean" : metric;
    const mark = `${about}\n${worse}\n${better}`;
    if (told.has(mark)) continue;
    told.add(mark);
    const contributions = whyDifferent(a, b, part).filter(
      // Only what makes it worse explains why it is worse.
      ({ contribution }) => contribution > 0 === lowerIsBetter,
    );
    why.push({ metric: about, worse, better, contributions });
  }
  return why;
}

/** Reads the nodes, one after the other, and compares them. The order of `sources` does not change a figure. */
export async function compareNodes(sources: readonly NodeSource[], options: Question): Promise<Comparison> {
  const ordered = sources.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const gathered: Gathered[] = [];
  for (const source of ordered) gathered.push(await gather(source, options));
  const grid = hourGrid(options.window);
  const { type, pairs, minGap, minLatencyGap } = options;
  const isJudged = type === "performance" || type === "overall";
  const measured = gathered.flatMap((node) => {
    if (node.type !== "data") return [];
    const values = measure(node.data, { window: options.window, rates: options });
    const side = sideOf(node.name, values, grid);
    return [{ side, result: nodeResult(node.name, values, intervalsOf(side)), nature: values.nature }];
  });
  const results = new Map(measured.map(({ result }) => [result.node_name, result]));
  const caveats = caveatsOf(
    measured.map(({ side, nature, result }) => ({ name: side.name, nature, metrics: result.metrics })),
  );
  const unfair = unfairMetrics(caveats);
  const sides = measured.map(({ side }) => side);
  const verdicts = isJudged ? verdictsOf(sides, { pairs, minGap, minLatencyGap, unfair }) : [];
  return {
    nodes: gathered.map(
      (node) => results.get(node.name) ?? failedResult(node.name, node.type === "failed" ? node.reason : ""),
    ),
    verdicts,
    why: explain(verdicts, gathered),
    caveats,
  };
}

function unfairMetrics(caveats: readonly Caveat[]): ReadonlySet<MetricName> {
  return new Set(caveats.filter((caveat) => caveat.unfair).flatMap((caveat) => caveat.metrics));
}

/** The nodes in the order asked for, and the rankings, whose ties keep that order. */
export function arrange(
  comparison: Comparison,
  names: readonly string[],
  type: ComparisonType,
): Comparison & { readonly rankings: Readonly<Record<string, readonly string[]>> } {
  const nodes = names
    .map((name) => comparison.nodes.find((node) => node.node_name === name))
    .filter((node) => node !== undefined);
  return { ...comparison, nodes, rankings: rankings(nodes, type, unfairMetrics(comparison.caveats)) };
}
