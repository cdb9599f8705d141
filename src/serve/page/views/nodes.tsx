import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { NodeOverview } from "../../../nodes/overview.ts";
import { compare, type ComparisonAnswer } from "../api.ts";
import { bytes, count, ms, percent, usd } from "../format.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { Ago, Figure, Mark, Sparkline } from "../parts/figures.tsx";
import { Differences } from "../parts/differences.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { answerOf, begin, go, place } from "../state.ts";

const MOST_PICKED = 20;
const SILENT_S = 3 * 3_600;
const RANGES = ["24h", "7d", "30d"] as const;

function picked(): readonly string[] {
  return (place.value.query.get("pick") ?? "").split(",").filter((name) => name !== "");
}

function range(): string {
  return RANGES.find((known) => known === place.value.query.get("range")) ?? "7d";
}

function pick(names: readonly string[]): void {
  go("nodes", { pick: names.join(","), range: range() });
}

function toggle(name: string): void {
  const names = picked();
  if (names.includes(name)) pick(names.filter((other) => other !== name));
  else if (names.length < MOST_PICKED) pick([...names, name]);
}

function stateOf({ age_s: age, standing }: NodeOverview) {
  if (standing !== null && (standing.disqualified ?? 0) > 0) return <Mark state="bad">disqualified</Mark>;
  if (standing !== null && (standing.suspended ?? 0) > 0) return <Mark state="bad">suspended</Mark>;
  if (age === null) return <Mark state="warn">no lines yet</Mark>;
  return age > SILENT_S ? <Mark state="warn">silent</Mark> : <Mark state="ok">ok</Mark>;
}

const COLUMNS: readonly Column<NodeOverview>[] = [
  {
    name: "Node",
    cell: ({ node_name: name }) => (
      <label class="pick">
        <input type="checkbox" checked={picked().includes(name)} onChange={() => toggle(name)} /> {name}
      </label>
    ),
    sortBy: ({ node_name: name }) => name,
  },
  { name: "State", cell: stateOf },
  {
    name: "Last line",
    cell: ({ newest_line: newest }) => <Ago at={newest} />,
    sortBy: ({ age_s: age }) => age,
  },
  {
    name: "Operations, 24 h",
    isNumber: true,
    cell: (node) => (
      <>
        <Sparkline values={node.hours.total_operations} label={`Operations of ${node.node_name} by hour`} />{" "}
        <Figure of={count(node.total_operations)} />
      </>
    ),
    sortBy: ({ total_operations: operations }) => operations,
  },
  {
    name: "Downloads",
    isNumber: true,
    cell: ({ success_rate_download: rate }) => <Figure of={percent(rate)} />,
    sortBy: ({ success_rate_download: rate }) => rate,
  },
  {
    name: "Uploads",
    isNumber: true,
    cell: ({ success_rate_upload: rate }) => <Figure of={percent(rate)} />,
    sortBy: ({ success_rate_upload: rate }) => rate,
  },
  {
    name: "Latency",
    isNumber: true,
    cell: ({ avg_latency_mean: mean }) => <Figure of={ms(mean)} />,
    sortBy: ({ avg_latency_mean: mean }) => mean,
  },
  {
    name: "Disk",
    isNumber: true,
    cell: ({ standing }) =>
      standing?.used_bytes == null ? (
        "–"
      ) : (
        <>
          <Figure of={bytes(standing.used_bytes)} /> of <Figure of={bytes(standing.total_bytes)} />
        </>
      ),
    sortBy: ({ standing }) => standing?.used_bytes ?? null,
  },
  {
    name: "Trash",
    isNumber: true,
    cell: ({ standing }) => <Figure of={bytes(standing?.trash_bytes ?? null)} />,
    sortBy: ({ standing }) => standing?.trash_bytes ?? null,
  },
  {
    name: "Audit",
    isNumber: true,
    cell: ({ standing }) => (
      <Figure of={percent(standing?.audit_score == null ? null : standing.audit_score * 100)} />
    ),
    sortBy: ({ standing }) => standing?.audit_score ?? null,
  },
  {
    name: "This month",
    isNumber: true,
    cell: ({ standing }) => <Figure of={usd(standing?.payout_usd)} />,
    sortBy: ({ standing }) => standing?.payout_usd ?? null,
  },
  {
    name: "Held",
    isNumber: true,
    cell: ({ standing }) => <Figure of={usd(standing?.held_usd)} />,
    sortBy: ({ standing }) => standing?.held_usd ?? null,
  },
];

/** The answer to what is picked, asked again when the choice changes. */
function Comparison({ names, over }: { names: readonly string[]; over: string }) {
  const answer = useSignal<ComparisonAnswer | null>(null);
  const error = useSignal<string | null>(null);
  const key = `${names.join(",")} ${over}`;
  useEffect(() => {
    let isWanted = true;
    const ask = async (): Promise<void> => {
      try {
        const told = await compare(names, over);
        if (isWanted) [answer.value, error.value] = [told, null];
      } catch (thrown) {
        if (isWanted) error.value = thrown instanceof Error ? thrown.message : String(thrown);
      }
    };
    begin(ask());
    return () => {
      isWanted = false;
    };
  }, [key]);
  if (error.value !== null) return <Failed error={error.value} />;
  if (answer.value === null) return <p class="muted">Comparing…</p>;
  return <Differences answer={answer.value} range={over} />;
}

/** A row for each node; two or more picked: the verdict, the intervals, and where it comes from. */
export function Nodes() {
  const { value, error } = answerOf("/api/nodes");
  const filter = useSignal("");
  if (value === null) return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  if (value.nodes.length === 0)
    return (
      <Empty
        what="How each storage node is doing, and which one is really better."
        command="nodupe ingest --node NAME --follow /var/log/storagenode.log"
      />
    );
  const names = picked();
  const shown = value.nodes.filter(({ node_name: name }) =>
    name.toLowerCase().includes(filter.value.toLowerCase()),
  );
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      {names.length >= 2 ? (
        <section class="panel" aria-label="Comparison">
          <div class="choices" role="group" aria-label="How far back">
            {RANGES.map((text) => (
              <button
                key={text}
                type="button"
                aria-pressed={text === range()}
                onClick={() => go("nodes", { pick: names.join(","), range: text })}
              >
                {text}
              </button>
            ))}
            <button type="button" onClick={() => pick([])}>
              Clear the selection
            </button>
          </div>
          <Comparison names={names} over={range()} />
        </section>
      ) : (
        <p class="muted">Pick two nodes or more to compare them.</p>
      )}
      <label class="filter">
        Filter{" "}
        <input
          id="filter"
          type="search"
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
      </label>
      <div class="scroll" tabIndex={0} role="region" aria-label="Nodes">
        <Table caption="Nodes" columns={COLUMNS} rows={shown} keyOf={({ node_name: name }) => name} />
      </div>
    </>
  );
}
