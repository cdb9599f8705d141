import type { Database } from "bun:sqlite";
import { messageOf } from "../../lib/errors.ts";
import { type Caveat, caveatsOf } from "./caveats.ts";
import type { WhyInput } from "./decomposition.ts";
import { explain, type Why } from "./explain.ts";
import { satelliteName } from "../log/satellite-names.ts";
import { commonSource } from "./earnings.ts";
import { satelliteNames } from "../store/satellite-scores.ts";
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
import type { MetricName } from "./registry.ts";

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

/** Reads the nodes, one after the other, and compares them. The order of `sources` does not change a figure. */
export async function compareNodes(sources: readonly NodeSource[], options: Question): Promise<Comparison> {
  const ordered = sources.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const gathered: Gathered[] = [];
  for (const source of ordered) gathered.push(await gather(source, options));
  const grid = hourGrid(options.window);
  const { type, pairs, minGap, minLatencyGap } = options;
  const isJudged = type === "performance" || type === "overall";
  const { window } = options;
  const known = gathered.filter((node) => node.type === "data");
  const earningsSource = commonSource(
    known.map(({ data }) => data.snapshot),
    window,
  );
  const measured = known.map(({ name, data, satellites }) => {
    const values = measure(data, { window, rates: options, earningsSource });
    const side = sideOf(name, values, grid);
    const hours = new Set(data.hours.map(({ startMs }) => startMs));
    return { side, values, hours, result: nodeResult(name, values, intervalsOf(side), satellites) };
  });
  const results = new Map(measured.map(({ result }) => [result.node_name, result]));
  const caveats = caveatsOf(
    measured.map(({ values, hours, result }) => ({
      name: result.node_name,
      hours,
      nature: values.nature,
      earnings: values.earnings,
      metrics: result.metrics,
      disqualified: result.disqualified,
      suspended: result.suspended,
    })),
  );
  const unfair = unfairMetrics(caveats);
  const sides = measured.map(({ side }) => side);
  const verdicts = isJudged ? verdictsOf(sides, { pairs, minGap, minLatencyGap, unfair }) : [];
  return {
    nodes: gathered.map(
      (node) => results.get(node.name) ?? failedResult(node.name, node.type === "failed" ? node.reason : ""),
    ),
    verdicts,
    why: explain(verdicts, whyInputs(gathered)),
    caveats,
  };
}

function whyInputs(gathered: readonly Gathered[]): ReadonlyMap<string, WhyInput> {
  return new Map(
    gathered
      .filter((node) => node.type === "data")
      .map(({ name, data, satellites }) => [
        name,
        {
          cells: data.cells,
          hours: data.hours,
          satelliteName: (id: number) => satelliteName(satellites.get(id) ?? ""),
        },
      ]),
  );
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
