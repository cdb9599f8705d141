import { messageOf } from "../../lib/errors.ts";
import { type Caveat, caveatsOf } from "./caveats.ts";
import type { WhyInput } from "./decomposition.ts";
import { explain, type Why } from "./explain.ts";
import { hoursText } from "../store/damage.ts";
import { satelliteName } from "../log/satellite-names.ts";
import { commonSource, type EarningsSource } from "./earnings.ts";
import { hourGrid } from "./judge/hourly-series.ts";
import { intervalsOf, sideOf } from "./judge/side.ts";
import type { Verdict } from "./judge/verdict.ts";
import { verdictsOf } from "./judge/verdicts.ts";
import type { NodeData } from "./load.ts";
import { measure, type Measured, withEarnings } from "./measure.ts";
import type { GatheredNode, NodeSource } from "./node-source.ts";
import type { ComparisonType } from "./options.ts";
import { failedResult, nodeResult, type NodeResult } from "./node-result.ts";
import type { Question } from "./question.ts";
import { rankings } from "./ranking.ts";
import type { MetricName } from "./registry.ts";

/** The answer, except for the order of the nodes and all that depends on it. */
export interface Comparison {
  readonly nodes: readonly NodeResult[];
  readonly verdicts: readonly Verdict[];
  readonly why: readonly Why[];
  readonly caveats: readonly Caveat[];
}

interface Known extends GatheredNode {
  readonly type: "known";
  readonly name: string;
  /** With earnings from the node's own best source. */
  readonly measured: Measured;
  readonly earningsSource: EarningsSource;
  /** null if it was not asked for. */
  readonly alone: NodeResult | null;
}

type Gathered = Known | { readonly type: "failed"; readonly name: string; readonly reason: string };

async function gather(source: NodeSource, options: Question, isFollowed: boolean): Promise<Gathered> {
  const { name } = source;
  const { window } = options;
  try {
    const node = await source.gather(options);
    const earningsSource = commonSource([node.data.snapshot], window);
    const measured = measure(node.data, { window, rates: options, earningsSource });
    const alone = isFollowed ? withAge(node, nodeResult(name, measured, {}, node.satellites)) : null;
    return { type: "known", name, ...node, measured, earningsSource, alone };
  } catch (error) {
    // A node that fails is reported beside the figures of the others.
    return { type: "failed", name, reason: messageOf(error) };
  }
}

/**
 * A node's own figures, sent as soon as they are known. Its earnings may still change: their source depends on all
 * nodes.
 */
export interface NodeProgress {
  readonly done: number;
  readonly total: number;
  readonly node: NodeResult;
}

function withAge({ stale }: GatheredNode, result: NodeResult): NodeResult {
  return stale === null ? result : { ...result, as_of: new Date(stale.asOfMs).toISOString() };
}

/** Warns of figures that are not current. */
function staleCaveat(name: string, { stale }: GatheredNode): Caveat[] {
  if (stale === null) return [];
  const asOf = `${new Date(stale.asOfMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return [
    {
      metrics: [],
      nodes: [name],
      unfair: false,
      text: `${name}: ${stale.reason}: its figures are of ${asOf}`,
    },
  ];
}

/** Warns of figures that are missing since the store is damaged. */
function damageCaveat(name: string, { damagedHours }: NodeData): Caveat[] {
  if (damagedHours.length === 0) return [];
  const text = `${name}: figures of ${hoursText(damagedHours)} are damaged in the store and left out; see: nodupe status --deep`;
  return [{ metrics: [], nodes: [name], unfair: false, text }];
}

/** Reads the nodes one after another and compares them. The order of `sources` does not affect any figure. */
export async function compareNodes(
  sources: readonly NodeSource[],
  options: Question,
  onNode: ((progress: NodeProgress) => void) | null = null,
): Promise<Comparison> {
  const ordered = sources.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const gathered: Gathered[] = [];
  for (const source of ordered) {
    const node = await gather(source, options, onNode !== null);
    gathered.push(node);
    const told = node.type === "failed" ? failedResult(node.name, node.reason) : node.alone;
    if (told !== null) onNode?.({ done: gathered.length, total: ordered.length, node: told });
  }
  const grid = hourGrid(options.window);
  const { type, pairs, minGap, minLatencyGap } = options;
  const isJudged = type === "performance" || type === "overall";
  const { window } = options;
  const known = gathered.filter((node) => node.type === "known");
  const earningsSource = commonSource(
    known.map(({ data }) => data.snapshot),
    window,
  );
  const measured = known.map((node) => {
    const { name, data, satellites, alone } = node;
    const isAlone = node.earningsSource === earningsSource;
    const values = isAlone
      ? node.measured
      : withEarnings(node.measured, { rates: options, source: earningsSource });
    const side = sideOf(name, values, grid);
    const intervals = intervalsOf(side);
    const result =
      isAlone && alone !== null
        ? { ...alone, intervals }
        : withAge(node, nodeResult(name, values, intervals, satellites));
    return { side, values, hours: data.hours.startMs, result };
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
  caveats.push(...known.flatMap((node) => staleCaveat(node.name, node)));
  const unfair = unfairMetrics(caveats);
  const sides = measured.map(({ side }) => side);
  const verdicts = isJudged ? verdictsOf(sides, { pairs, minGap, minLatencyGap, unfair }) : [];
  const why = explain(verdicts, whyInputs(known));
  // Damage can only be reported now, after everything has been read.
  caveats.push(...known.flatMap((node) => damageCaveat(node.name, node.data)));
  return {
    nodes: gathered.map(
      (node) => results.get(node.name) ?? failedResult(node.name, node.type === "failed" ? node.reason : ""),
    ),
    verdicts,
    why,
    caveats,
  };
}

function whyInputs(known: readonly Known[]): ReadonlyMap<string, WhyInput> {
  return new Map(
    known.map(({ name, data, satellites }) => [
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

/** The nodes in the requested order, and the rankings, in which ties keep that order. */
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
