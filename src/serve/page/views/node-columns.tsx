import { bytes, bytesOf, count, ms, percent, usd } from "../format.ts";
import { Ago, Figure, Mark, Sparkline, type State } from "../parts/figures.tsx";
import type { Column } from "../parts/table.tsx";
import type { NodeRow } from "./node-row.ts";

const SILENT_S = 3 * 3_600;
/** In percent; see board/problems.ts. */
const [LEAST_ONLINE, LEAST_AUDIT] = [95, 98];
/** In percent: a log that covers less of the day is mentioned. */
const WELL_COVERED = 95;

/** A node's state, with its label and a number to sort by, the worst first. */
function standOf({ age_s: ageS, standing, board }: NodeRow): readonly [State, string, number] {
  if (board?.isReachable === false) return ["warn", "board not reachable", 2];
  if ((standing?.disqualified ?? 0) > 0) return ["bad", "disqualified", 0];
  if ((standing?.suspended ?? 0) > 0) return ["bad", "suspended", 1];
  if (ageS === null) return ["warn", "no lines yet", 3];
  return ageS > SILENT_S ? ["warn", "silent", 2] : ["ok", "ok", 4];
}

interface Lowest {
  readonly value: number | null;
  /** The satellite with the lowest score; null for the mean reported by the API. */
  readonly satellite: string | null;
}

/** A node's lowest score in percent: from its log, or if that has none, the mean reported by its API. */
function lowest({ scores, standing }: NodeRow, which: "audit" | "online"): Lowest {
  const told = scores
    .map((score) => ({
      satellite: score.satellite,
      value: which === "audit" ? score.audit_percent : score.online_percent,
    }))
    .filter(({ value }) => value !== null)
    .toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
  if (told !== undefined) return told;
  const mean = which === "audit" ? standing?.audit_score : standing?.online_score;
  return { value: mean == null ? null : mean * 100, satellite: null };
}

function Score({ of: { value, satellite }, least }: { of: Lowest; least: number }) {
  if (value === null) return <>–</>;
  if (value >= least) return <Figure of={percent(value)} />;
  return (
    <Mark state="warn">
      <Figure of={percent(value)} />
      {satellite === null ? "" : ` ${satellite}`}
    </Mark>
  );
}

export const NODE_COLUMNS: readonly Column<NodeRow>[] = [
  {
    name: "State",
    cell: (node) => {
      const [state, word] = standOf(node);
      return (
        <>
          <Mark state={state}>{word}</Mark>{" "}
          <span class="under">
            {node.board?.isReachable === false ? (
              <>
                as of <Ago at={node.board.told} />
              </>
            ) : (
              <Ago at={node.newest_line} />
            )}
          </span>
        </>
      );
    },
    sortBy: (node) => standOf(node)[2],
  },
  {
    name: "Operations",
    isNumber: true,
    cell: (node) => (
      <>
        <Sparkline values={node.hours.total_operations} label={`Operations of ${node.node_name} by hour`} />{" "}
        <Figure of={count(node.total_operations)} />
        {node.coverage_percent < WELL_COVERED ? (
          <span class="under">
            <Figure of={percent(Math.round(node.coverage_percent))} /> of the time
          </span>
        ) : null}
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
    cell: ({ success_rate_upload: rate, log_level: level }) => (
      <>
        <Figure of={percent(rate)} />
        {rate !== null && level === "info" ? <span class="under">at most</span> : null}
      </>
    ),
    sortBy: ({ success_rate_upload: rate }) => rate,
  },
  {
    name: "Latency",
    isNumber: true,
    cell: ({ avg_latency_mean: mean }) => <Figure of={ms(mean)} />,
    sortBy: ({ avg_latency_mean: mean }) => mean,
  },
  {
    name: "Audit",
    isNumber: true,
    cell: (node) => <Score of={lowest(node, "audit")} least={LEAST_AUDIT} />,
    sortBy: (node) => lowest(node, "audit").value,
  },
  {
    name: "Online",
    isNumber: true,
    cell: (node) => <Score of={lowest(node, "online")} least={LEAST_ONLINE} />,
    sortBy: (node) => lowest(node, "online").value,
  },
  {
    name: "Disk",
    isNumber: true,
    cell: ({ standing }) =>
      standing?.used_bytes == null || standing.total_bytes === null ? (
        <Figure of={bytes(standing?.used_bytes)} />
      ) : (
        <>
          <Figure of={bytesOf(standing.used_bytes, standing.total_bytes)} />
          <span class="under">
            <Figure of={bytes(standing.trash_bytes)} /> trash
          </span>
        </>
      ),
    sortBy: ({ standing }) => standing?.used_bytes ?? null,
  },
  {
    name: "This month",
    isNumber: true,
    cell: ({ standing }) =>
      standing === null ? (
        "–"
      ) : (
        <>
          <Figure of={usd(standing.payout_usd)} />
          <span class="under">
            <Figure of={usd(standing.held_usd)} /> held
          </span>
        </>
      ),
    sortBy: ({ standing }) => standing?.payout_usd ?? null,
  },
];
