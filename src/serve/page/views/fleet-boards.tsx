import type { FleetBoard } from "../../../board/fleet.ts";
import { count, counted, seconds } from "../format.ts";
import { Ago, Figure, Mark } from "../parts/figures.tsx";
import { type Column, Table } from "../parts/table.tsx";

/** An unreachable board is shown as it was when it last answered. */
function State({ of: { state, told, reason, unreachable_since: since } }: { of: FleetBoard }) {
  switch (state) {
    case "reachable":
      return <Mark state="ok">ok</Mark>;
    case "unknown":
      return <Mark state="busy">not asked yet</Mark>;
    case "unreachable":
      return (
        <>
          <Mark state="warn">not reachable</Mark>{" "}
          <span class="reason">
            {reason ?? "unknown reason"}
            {since === null ? null : (
              <>
                , <Ago at={since} />
              </>
            )}
            {told === null ? "" : "; this row shows its last report"}
          </span>
        </>
      );
  }
}

const COLUMNS: readonly Column<FleetBoard>[] = [
  {
    name: "Board",
    cell: ({ name, url }) => (
      <>
        {name ?? "–"}{" "}
        <span class="under">
          <a href={url}>{url}</a>
        </span>
      </>
    ),
    sortBy: ({ name, url }) => name ?? url,
  },
  { name: "State", cell: (board) => <State of={board} />, sortBy: ({ state }) => state },
  { name: "Answered", cell: ({ told }) => <Ago at={told} />, sortBy: ({ age_s: age }) => age },
  {
    name: "Problems",
    isNumber: true,
    cell: ({ problems, told }) => (told === null ? "–" : <Figure of={count(problems.length)} />),
    sortBy: ({ problems }) => problems.length,
  },
  {
    name: "Clock",
    isNumber: true,
    cell: ({ clock }) => <Figure of={seconds(clock?.offset_s)} />,
    sortBy: ({ clock }) => Math.abs(clock?.offset_s ?? 0),
  },
  {
    name: "Uploads",
    isNumber: true,
    cell: ({ sync }) =>
      sync === null ? (
        "–"
      ) : (
        <>
          <Figure of={count(sync.done)} />
          <span class="under">
            {sync.waiting} waiting, {sync.failed} failed
          </span>
        </>
      ),
    sortBy: ({ sync }) => sync?.done ?? null,
  },
  {
    name: "Nodes",
    isNumber: true,
    cell: ({ nodes }) => <Figure of={count(nodes.length)} />,
    sortBy: ({ nodes }) => nodes.length,
  },
  { name: "Version", cell: ({ version }) => version ?? "–" },
];

/** The followed boards, each as last seen. The problems of a board open below it. */
export function FleetBoards({ boards }: { boards: readonly FleetBoard[] }) {
  if (boards.length === 0)
    return (
      <section class="panel" aria-label="Boards of the fleet">
        <h2>Boards of the fleet</h2>
        <p class="muted">
          Other boards appear here, and their nodes in Nodes, once they are in the config file:{" "}
          <code>[fleet] boards = ["https://attic.lan:8443"]</code>
        </p>
      </section>
    );
  return (
    <section class="panel" aria-label="Boards of the fleet">
      <h2>Boards of the fleet</h2>
      <Table
        caption={counted(boards.length, "board")}
        columns={COLUMNS}
        rows={boards}
        keyOf={({ url }) => url}
        details={({ problems }) =>
          problems.length === 0 ? null : (
            <ul class="notes">
              {problems.map(({ key, text }) => (
                <li key={key}>
                  <Mark state="warn">problem</Mark> {text}
                </li>
              ))}
            </ul>
          )
        }
      />
    </section>
  );
}
