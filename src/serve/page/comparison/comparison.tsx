import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { compare, type ComparisonAnswer, type MetricTold } from "../api.ts";
import { count, counted, ms, percent } from "../format.ts";
import { Failed } from "../parts/empty.tsx";
import { Figure, Told } from "../parts/figures.tsx";
import { answerOf, askedComparison, begin } from "../state.ts";
import { csvOf } from "./csv.ts";
import { Decomposition } from "./decomposition.tsx";
import { Distribution } from "./distribution.tsx";
import { FiguresTable } from "./figures-table.tsx";
import { IntervalBars } from "./interval-bars.tsx";
import { sentencesOf } from "./sentences.ts";
import { Trends } from "./trend.tsx";

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "comparison.csv";
  link.click();
  URL.revokeObjectURL(url);
}

/** The nodes read so far, while the others are still being read. */
function Progress({ names }: { names: readonly string[] }) {
  const nodes = askedComparison.value?.nodes ?? [];
  return (
    <>
      <p class="muted">
        Comparing {counted(names.length, "node")}
        {nodes.length === 0 ? "" : `: node ${nodes.length}/${names.length}`} …
      </p>
      {nodes.length === 0 ? null : (
        <ul class="rows">
          {nodes.map(({ node_name: name, metrics, error }) => (
            <li key={name}>
              {error === null ? (
                <span>
                  {name}: <Figure of={count(metrics.total_operations)} /> operations,{" "}
                  <Figure of={percent(metrics.success_rate_download)} /> of downloads served, p50{" "}
                  <Figure of={ms(metrics.avg_latency_p50)} />
                </span>
              ) : (
                <Told state="bad">
                  {name}: {error}
                </Told>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const STATES = { real: "warn", alike: "ok", early: "busy" } as const;

/**
 * The answer: sentences first, then the intervals behind them, the latency distributions, and where the differences
 * come from.
 */
function Answer({ answer, colorOf }: { answer: ComparisonAnswer; colorOf: (name: string) => number }) {
  const metrics: readonly MetricTold[] = answerOf("/api/metrics").value?.metrics ?? [];
  const byName = new Map<string, MetricTold>(metrics.map((metric) => [metric.name, metric]));
  const sentences = sentencesOf(answer, (name) => byName.get(name)?.label ?? name);
  return (
    <>
      <ul class="verdicts">
        {sentences.map(({ type, text }) => (
          <li key={text}>
            <Told state={STATES[type]}>{text}</Told>
          </li>
        ))}
        {answer.nodes.map(({ node_name: name, error }) =>
          error === null ? null : (
            <li key={name}>
              <Told state="bad">
                {name}: {error}
              </Told>
            </li>
          ),
        )}
      </ul>
      {answer.caveats.length === 0 ? null : (
        <ul class="notes muted">
          {answer.caveats.map(({ text }) => (
            <li key={text}>Note: {text}.</li>
          ))}
        </ul>
      )}
      <IntervalBars answer={answer} metrics={byName} />
      <Distribution nodes={answer.nodes} colorOf={colorOf} />
      <Trends answer={answer} colorOf={colorOf} />
      <Decomposition why={answer.why} metrics={byName} />
      <FiguresTable answer={answer} metrics={metrics} />
      <p>
        <button type="button" onClick={() => download(csvOf(answer, metrics))}>
          Download as CSV
        </button>
      </p>
    </>
  );
}

/** The comparison of the picked nodes. Requested again when the selection or the figures of one of the nodes change. */
export function Comparison({
  names,
  over,
  version,
  colorOf,
}: {
  names: readonly string[];
  over: string;
  /** Changes with the nodes' figures. */
  version: string;
  colorOf: (name: string) => number;
}) {
  const answer = useSignal<{ readonly key: string; readonly told: ComparisonAnswer } | null>(null);
  const error = useSignal<string | null>(null);
  const key = `${names.join("\n")}\n${over}`;
  useEffect(() => {
    const given = new AbortController();
    const ask = async (): Promise<void> => {
      askedComparison.value = { names, timeRange: over, nodes: [] };
      try {
        const told = await compare(names, over, given.signal);
        if (!given.signal.aborted) [answer.value, error.value] = [{ key, told }, null];
      } catch (thrown) {
        if (!given.signal.aborted) error.value = thrown instanceof Error ? thrown.message : String(thrown);
      }
    };
    begin(ask());
    return () => given.abort();
  }, [key, version]);
  const told = answer.value?.key === key ? answer.value.told : null;
  return (
    <>
      {error.value === null ? null : <Failed error={error.value} />}
      {told !== null ? (
        <Answer answer={told} colorOf={colorOf} />
      ) : error.value === null ? (
        <Progress names={names} />
      ) : null}
    </>
  );
}
