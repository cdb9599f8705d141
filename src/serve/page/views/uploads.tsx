import { useSignal } from "@preact/signals";
import type { FailureGroup, UploadsOverview } from "../../../upload/ledger/overview.ts";
import { type Answers, send } from "../api.ts";
import { count } from "../format.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { Ago, Figure, Mark } from "../parts/figures.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { answerOf, begin, refresh, showsNames } from "../state.ts";

type Entry = Answers["/api/history"]["entries"][number];

const STATES: Readonly<Record<string, "ok" | "warn" | "bad">> = {
  done: "ok",
  pending: "warn",
  sending: "warn",
  failed: "bad",
};

function fileName(path: string | null): string {
  if (path === null) return "–";
  return showsNames.value
    ? path.slice(path.lastIndexOf("/") + 1)
    : `•••••${/\.[a-z]+$/i.exec(path)?.[0] ?? ""}`;
}

const ENTRY_COLUMNS: readonly Column<Entry>[] = [
  { name: "When", cell: ({ updatedAtMs }) => <Ago at={new Date(updatedAtMs).toISOString()} /> },
  { name: "State", cell: ({ state }) => <Mark state={STATES[state] ?? "warn"}>{state}</Mark> },
  { name: "File", cell: ({ path }) => fileName(path) },
  { name: "Content", cell: ({ checksum }) => <code>{checksum.slice(0, 12)}</code> },
  { name: "Reason", cell: ({ reason }) => reason ?? "" },
];

/** A button that retries failed uploads and shows the result. */
function Retry({ label, body }: { label: string; body: object }) {
  const told = useSignal<string | null>(null);
  const retry = async (): Promise<void> => {
    try {
      const answer = await send("/api/sync/retry", body);
      const pending =
        typeof answer === "object" && answer !== null && "pending" in answer ? Number(answer.pending) : 0;
      told.value = `${pending} pending: the next sync will send them`;
      await refresh();
    } catch (error) {
      told.value = error instanceof Error ? error.message : String(error);
    }
  };
  return told.value === null ? (
    <button type="button" onClick={() => begin(retry())}>
      {label}
    </button>
  ) : (
    <span class="muted">{told.value}</span>
  );
}

function Failures({ failures }: { failures: readonly FailureGroup[] }) {
  if (failures.length === 0) return null;
  return (
    <section class="panel">
      <h2>Failed</h2>
      <ul class="rows">
        {failures.map(({ destination, reason, count: many }) => (
          <li key={`${destination} ${reason}`}>
            <Mark state="bad">
              {many === 1 ? "1 CV" : `${many} CVs`}: {reason}
            </Mark>
            <Retry
              label={`Retry ${many} failed ${many === 1 ? "upload" : "uploads"}`}
              body={{ destination, reason }}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Destinations({ sync }: { sync: UploadsOverview }) {
  return (
    <div class="grid">
      {sync.destinations.map(({ url, done, pending, sending, failed }) => {
        const run = sync.runs.find((candidate) => candidate.destination === url);
        return (
          <section key={url} class="panel">
            <h2>{url}</h2>
            <p class="big">
              <Figure of={count(done)} /> uploaded
            </p>
            <p class="muted">
              <Figure of={count(pending)} /> waiting, <Figure of={count(sending)} /> in flight or in doubt,{" "}
              <Figure of={count(failed)} /> failed
            </p>
            {run === undefined ? null : run.at_work ? (
              <Mark state="ok">at work</Mark>
            ) : (
              <span class="muted">
                {run.ended === null ? <Mark state="warn">cut off</Mark> : "last run ended"}{" "}
                <Ago at={run.ended ?? run.started} />
              </span>
            )}
          </section>
        );
      })}
    </div>
  );
}

/** What is waiting, what is in flight, what failed and why. */
export function Uploads() {
  const { value: sync, error } = answerOf("/api/sync");
  const { value: history } = answerOf("/api/history", "?limit=50");
  if (sync === null) return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  if (sync.destinations.length === 0)
    return (
      <Empty
        what="What is being uploaded, what is waiting, and what failed."
        command="nodupe sync --watch ~/CVs"
      />
    );
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      <Destinations sync={sync} />
      <Failures failures={sync.failures} />
      <div class="choices">
        <button
          type="button"
          aria-pressed={showsNames.value}
          onClick={() => (showsNames.value = !showsNames.value)}
        >
          {showsNames.value ? "Hide names" : "Show names"}
        </button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="The last uploads">
        <Table
          caption="The last 50"
          columns={ENTRY_COLUMNS}
          rows={history?.entries ?? []}
          keyOf={({ checksum, destination }) => `${destination} ${checksum}`}
        />
      </div>
    </>
  );
}
