import type { ComponentChildren } from "preact";
import type { Problem } from "../../../board/problems.ts";
import type { BoardSummary } from "../../board-summary.ts";
import { bytes, count, counted, percent, seconds } from "../format.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { Ago, Figure, Mark, Sparkline, Told } from "../parts/figures.tsx";
import { answerOf, HEADINGS, problems as liveProblems, type View } from "../state.ts";

const VIEW_OF: Readonly<Record<Problem["about"], View>> = {
  time: "clock",
  sync: "uploads",
  nodes: "nodes",
  store: "system",
  fleet: "system",
  jobs: "system",
};

const PROBLEMS_SHOWN = 12;

function Problems({ problems, count: many }: { problems: readonly Problem[]; count: number }) {
  if (many === 0)
    return (
      <p class="all-well">
        <Mark state="ok">All is well.</Mark>
      </p>
    );
  const shown = problems.slice(0, PROBLEMS_SHOWN);
  return (
    <ul class="problems panel">
      {shown.map(({ key, text, about }) => (
        <li key={key}>
          <a href={`#/${VIEW_OF[about]}`}>
            <Told state="warn">{text}</Told> <span class="where">{HEADINGS[VIEW_OF[about]]}</span>
          </a>
        </li>
      ))}
      {many > shown.length ? <li class="muted">and {many - shown.length} more: nodupe status</li> : null}
    </ul>
  );
}

function Tile({ view, title, children }: { view: View; title: string; children: ComponentChildren }) {
  return (
    <section class="panel tile span-3">
      <h2>
        <a href={`#/${view}`}>{title}</a>
      </h2>
      {children}
    </section>
  );
}

function ClockTile({ time: { last, offsets_s: offsetsS } }: Pick<BoardSummary, "time">) {
  if (last === null)
    return <Empty what="How far the clock is off, and how certain that is." command="nodupe time" />;
  const offsetS = last.offset_s ?? 0;
  return (
    <>
      <p class="big">
        <Figure of={seconds(Math.abs(offsetS))} /> {offsetS > 0 ? "slow" : "fast"}
      </p>
      <p class="muted">
        ±<Figure of={seconds(last.error_bound_s)} />, {last.authenticated ? "authenticated, " : ""}
        <Ago at={last.at} />
      </p>
      <Sparkline values={offsetsS} label="The offset in the last 24 hours" />
    </>
  );
}

function UploadsTile({ sync }: Pick<BoardSummary, "sync">) {
  if (sync.destinations === 0)
    return (
      <Empty
        what="What was uploaded, what is waiting, and what failed."
        command="nodupe sync --sandbox ~/CVs"
      />
    );
  return (
    <>
      <p class="big">
        <Figure of={count(sync.done)} /> uploaded
      </p>
      <p class="muted">
        {sync.at_work ? (
          <Mark state="ok">at work</Mark>
        ) : (
          <>
            last <Ago at={sync.last_success} />
          </>
        )}
        , <Figure of={count(sync.waiting)} /> waiting, <Figure of={count(sync.failed)} /> failed
      </p>
      <Sparkline values={sync.done_by_hour} label="CVs uploaded by hour in the last 24 hours" />
    </>
  );
}

function NodesTile({ nodes }: Pick<BoardSummary, "nodes">) {
  if (nodes.count === 0)
    return (
      <Empty
        what="Which node is better, and whether the difference is real."
        command="nodupe ingest --node NAME LOG"
      />
    );
  const lowest = nodes.lowest_download;
  return (
    <>
      <p class="big">{counted(nodes.count, "node")}</p>
      <p class="muted">
        {lowest === null ? (
          "no downloads in the last 24 hours"
        ) : (
          <>
            {nodes.count === 1 ? "" : "lowest: "}
            {lowest.node_name} serves <Figure of={percent(lowest.success_rate_download)} /> of its downloads
          </>
        )}
      </p>
      <Sparkline values={nodes.operations} label="Operations by hour in the last 24 hours" />
    </>
  );
}

function StoreTile({ store }: Pick<BoardSummary, "store">) {
  return (
    <>
      <p class="big">
        <Figure of={bytes(store.size_bytes)} />
      </p>
      <p class="muted">
        <Figure of={bytes(store.free_bytes)} /> free on this disk
      </p>
    </>
  );
}

/** Problems first, then a tile for each job. */
export function Overview() {
  const { value: board, error } = answerOf("/api/board");
  if (board === null) return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  const told = liveProblems.value;
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      <Problems problems={told ?? board.problems} count={told?.length ?? board.problem_count} />
      <div class="grid">
        <Tile view="clock" title="Clock">
          <ClockTile time={board.time} />
        </Tile>
        <Tile view="uploads" title="Uploads">
          <UploadsTile sync={board.sync} />
        </Tile>
        <Tile view="nodes" title="Nodes">
          <NodesTile nodes={board.nodes} />
        </Tile>
        <Tile view="system" title="Store">
          <StoreTile store={board.store} />
        </Tile>
      </div>
    </>
  );
}
