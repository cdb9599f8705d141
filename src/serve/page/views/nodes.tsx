import { signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Comparison } from "../comparison/comparison.tsx";
import { counted } from "../format.ts";
import { Choices } from "../parts/choices.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { answerOf, go, place } from "../state.ts";
import { type NodeRow, nodeRows } from "./node-row.ts";
import { NodeDetails } from "./node-details.tsx";
import { NODE_COLUMNS } from "./node-columns.tsx";

const MOST_PICKED = 20;
const RANGES = [
  ["24h", "24 h"],
  ["7d", "7 d"],
  ["30d", "30 d"],
] as const;
/**
 * The number of line colours. A node's colour follows from its position among all nodes, and is the same in every view.
 */
const COLORS = 6;

/** The picked nodes. Names may contain commas, which the list in the URL escapes. */
function picked(): readonly string[] {
  return (place.value.query.get("pick") ?? "")
    .split(",")
    .filter((name) => name !== "")
    .map((name) => {
      try {
        return decodeURIComponent(name);
      } catch {
        return name;
      }
    });
}

type Range = (typeof RANGES)[number][0];

function range(): Range {
  return RANGES.find(([known]) => known === place.value.query.get("range"))?.[0] ?? "7d";
}

function show(names: readonly string[], over: Range): void {
  const list = names.map((name) => name.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
  go("nodes", { pick: list, range: over });
}

function toggle(name: string): void {
  const names = picked();
  if (names.includes(name))
    show(
      names.filter((other) => other !== name),
      range(),
    );
  else if (names.length < MOST_PICKED) show([...names, name], range());
}

/** The nodes whose details are open. */
const opened = signal<ReadonlySet<string>>(new Set());

function open(name: string): void {
  const next = new Set(opened.value);
  if (!next.delete(name)) next.add(name);
  opened.value = next;
}

const NAME: Column<NodeRow> = {
  name: "Node",
  cell: ({ node_name: name, pick, board }) => (
    <span class="pick">
      <button
        type="button"
        class="plain open"
        aria-expanded={opened.value.has(pick)}
        aria-label={`Details of ${pick}`}
        onClick={() => open(pick)}
      >
        {opened.value.has(pick) ? "▾" : "▸"}
      </button>
      <label>
        <input type="checkbox" checked={picked().includes(pick)} onChange={() => toggle(pick)} /> {name}
        {board === null ? null : <span class="under">on {board.name}</span>}
      </label>
    </span>
  ),
  sortBy: ({ node_name: name }) => name,
};

const COLUMNS = [NAME, ...NODE_COLUMNS];

function Picked({ nodes }: { nodes: readonly NodeRow[] }) {
  const names = picked();
  const colorOf = useMemo(() => {
    // An answer names another board's node without its board if the name is unique.
    const order = new Map(
      nodes.flatMap(({ node_name: name, pick }, at) => [
        [name, at],
        [pick, at],
      ]),
    );
    return (name: string): number => ((order.get(name) ?? 0) % COLORS) + 1;
  }, [nodes.map(({ pick }) => pick).join("\n")]);
  if (names.length < 2)
    return (
      <p class="muted">
        {names.length === 0
          ? "Pick two nodes or more to see which one is really better."
          : `${names[0]} is picked: pick one more to compare.`}
      </p>
    );
  const version = nodes
    .filter(({ pick }) => names.includes(pick))
    .map(({ total_operations: operations, newest_line: newest }) => `${operations} ${newest}`)
    .join();
  return (
    <section class="panel" aria-label="Comparison">
      <div class="row">
        <Choices
          label="How far back"
          options={RANGES}
          chosen={range()}
          onChoose={(over) => show(names, over)}
        />
        <button type="button" onClick={() => show([], range())}>
          Clear the selection
        </button>
      </div>
      <Comparison names={names} over={range()} version={version} colorOf={colorOf} />
    </section>
  );
}

/**
 * A row for each node. With two or more picked, the comparison: verdict, intervals, and where differences come from.
 */
export function Nodes() {
  const { value, error } = answerOf("/api/nodes", "?series=operations");
  const filter = useSignal("");
  const { value: fleet } = answerOf("/api/fleet");
  if (value === null) return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  const nodes = nodeRows(value.nodes, fleet?.boards ?? []);
  if (nodes.length === 0)
    return (
      <Empty
        what="How each storage node is doing, and which one is really better."
        command="nodupe ingest --node NAME --follow /var/log/storagenode.log"
      />
    );
  const sought = filter.value.toLowerCase();
  const shown = nodes.filter(({ pick, board }) =>
    `${pick} ${board?.name ?? ""}`.toLowerCase().includes(sought),
  );
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      <Picked nodes={nodes} />
      <p class="row">
        <label class="filter">
          Filter{" "}
          <input
            id="filter"
            type="search"
            value={filter.value}
            onInput={(event) => (filter.value = event.currentTarget.value)}
          />
        </label>
        <span class="muted">
          {shown.length === nodes.length
            ? counted(shown.length, "node")
            : `${shown.length} of ${counted(nodes.length, "node")}`}
        </span>
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Nodes">
        <Table
          caption="The last 24 hours"
          look="nodes"
          columns={COLUMNS}
          rows={shown}
          keyOf={({ pick }) => pick}
          details={(node) => (opened.value.has(node.pick) ? <NodeDetails of={node} /> : null)}
        />
      </div>
    </>
  );
}
