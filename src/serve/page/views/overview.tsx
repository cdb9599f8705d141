import type { Problem } from "../../../board/problems.ts";
import type { BoardSummary as Board } from "../../board-summary.ts";
import { bytes, count, percent, seconds } from "../format.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { Ago, Figure, Mark, Sparkline } from "../parts/figures.tsx";
import { answerOf, type View } from "../state.ts";

const VIEW_OF: Readonly<Record<Problem["about"], View>> = {
  time: "clock",
  sync: "uploads",
  nodes: "nodes",
  store: "system",
};

function Problems({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0)
    return (
      <p class="all-well">
        <Mark state="ok">All is well.</Mark>
      </p>
    );
  return (
    <ul class="problems">
      {problems.map(({ key, text, about }) => (
        <li key={key}>
          <a href={`#/${VIEW_OF[about]}`}>
            <Mark state="warn">{text}</Mark>
          </a>
        </li>
      ))}
    </ul>
  );
}

function ClockTile({ time }: { time: Board["time"] }) {
  const { last, offsets_s: offsetsS } = time;
  if (last === null)
    return <Empty what="How far the clock is off, and how certain that is." command="nodupe time" />;
  const offset = seconds(Math.abs(last.offset_s ?? 0));
  return (
    <>
      <p class="big">
        <Figure of={offset} /> {(last.offset_s ?? 0) > 0 ? "slow" : "fast"}
      </p>
      <p class="muted">
        ± <Figure of={seconds(last.error_bound_s)} /> by {last.source}, <Ago at={last.at} />
      </p>
      <Sparkline values={offsetsS} label="The offset in the last 24 hours" />
    </>
  );
}

function UploadsTile({ sync }: { sync: Board["sync"] }) {
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
        <Figure of={count(sync.waiting)} /> waiting, <Figure of={count(sync.failed)} /> failed; last{" "}
        <Ago at={sync.last_success} />
      </p>
      {sync.at_work ? <Mark state="ok">at work</Mark> : null}
    </>
  );
}

function NodesTile({ nodes }: { nodes: Board["nodes"] }) {
  if (nodes.count === 0)
    return (
      <Empty
        what="Which node is better, and whether the difference is real."
        command="nodupe ingest --node NAME LOG"
      />
    );
  const worst = nodes.lowest_download;
  return (
    <>
      <p class="big">
        <Figure of={count(nodes.count)} /> {nodes.count === 1 ? "node" : "nodes"}
      </p>
      <p class="muted">
        {worst === null ? (
          "no downloads yet"
        ) : (
          <>
            {nodes.count === 1 ? "" : "worst: "}
            {worst.node_name} serves <Figure of={percent(worst.success_rate_download)} /> of its downloads
          </>
        )}
      </p>
      <Sparkline values={nodes.operations} label="Operations by hour in the last 24 hours" />
    </>
  );
}

function StoreTile({ store }: { store: Board["store"] }) {
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

/** What is wrong first, then each job in a tile. */
export function Overview() {
  const { value: board, error } = answerOf("/api/board");
  if (board === null) return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      <Problems problems={board.problems} />
      <div class="grid">
        <section class="panel">
          <h2>
            <a href="#/clock">Clock</a>
          </h2>
          <ClockTile time={board.time} />
        </section>
        <section class="panel">
          <h2>
            <a href="#/uploads">Uploads</a>
          </h2>
          <UploadsTile sync={board.sync} />
        </section>
        <section class="panel">
          <h2>
            <a href="#/nodes">Nodes</a>
          </h2>
          <NodesTile nodes={board.nodes} />
        </section>
        <section class="panel">
          <h2>
            <a href="#/system">Store</a>
          </h2>
          <StoreTile store={board.store} />
        </section>
      </div>
    </>
  );
}
