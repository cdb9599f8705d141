import { useSignal } from "@preact/signals";
import type { FailureGroup, RunOverview, UploadsOverview } from "../../../upload/ledger/overview.ts";
import { type Answers, send } from "../api.ts";
import { count, counted, digits, lasting } from "../format.ts";
import { Choices } from "../parts/choices.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { Ago, Figure, Mark, type State, Told } from "../parts/figures.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { answerOf, begin, refresh, showsNames, uploadPace } from "../state.ts";

type Entry = Answers["/api/history"]["entries"][number];

const STATES: Readonly<Record<Entry["state"], State>> = {
  done: "ok",
  pending: "busy",
  sending: "busy",
  failed: "bad",
};

const HIDDEN = "•••••";

function fileName(path: string | null): string {
  if (path === null) return "–";
  return showsNames.value
    ? path.slice(path.lastIndexOf("/") + 1)
    : `${HIDDEN}${/\.[a-z]+$/i.exec(path)?.[0] ?? ""}`;
}

/** A reason may contain a path. */
function reasonText(reason: string): string {
  return showsNames.value ? reason : reason.replaceAll(/\/[^\s:;,]+/g, HIDDEN);
}

/** A button that retries failed uploads and then shows how many. */
function Retry({ label, body }: { label: string; body: object }) {
  const told = useSignal<string | null>(null);
  const retry = async (): Promise<void> => {
    told.value = "…";
    try {
      const answer = await send("/api/sync/retry", body);
      const pending =
        typeof answer === "object" && answer !== null && "pending" in answer ? Number(answer.pending) : 0;
      told.value = `${pending} queued: the next nodupe sync sends ${pending === 1 ? "it" : "them"}`;
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
    <span class="muted" role="status">
      {told.value}
    </span>
  );
}

const ENTRY_COLUMNS: readonly Column<Entry>[] = [
  { name: "When", cell: ({ updated_at: at }) => <Ago at={at} /> },
  { name: "State", cell: ({ state }) => <Mark state={STATES[state]}>{state}</Mark> },
  { name: "File", cell: ({ path }) => fileName(path) },
  { name: "Content", cell: ({ checksum }) => <code title={checksum}>{checksum.slice(0, 12)}</code> },
  {
    name: "Reason",
    cell: ({ state, reason, destination, checksum }) =>
      state === "failed" ? (
        <span class="row">
          {reason === null ? "" : reasonText(reason)} <Retry label="Retry" body={{ destination, checksum }} />
        </span>
      ) : null,
  },
];

function Failures({ failures, failed }: { failures: readonly FailureGroup[]; failed: number }) {
  if (failures.length === 0) return null;
  return (
    <section class="panel">
      <div class="row">
        <h2>Failed</h2>
        {failures.length > 1 ? (
          <Retry label={`Retry all ${count(failed).value} failed uploads`} body={{}} />
        ) : null}
      </div>
      <ul class="rows">
        {failures.map(({ destination, reason, status, count: many }) => (
          <li key={`${destination}\n${reason}\n${status}`}>
            <Told state="bad">
              {counted(many, "CV")}: {reasonText(reason)}
              {status === null ? "" : ` (${status})`}
            </Told>
            <Retry label={`Retry ${counted(many, "failed upload")}`} body={{ destination, reason }} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a run is doing, or how it ended. */
function Phase({ run }: { run: RunOverview }) {
  if (run.at_work)
    return (
      <>
        <Mark state="ok">at work</Mark>
        {showsNames.value ? ` on ${run.folder}` : ""}, started <Ago at={run.started} />
      </>
    );
  if (run.ended === null)
    return (
      <>
        <Mark state="warn">cut off</Mark>, started <Ago at={run.started} />: <code>nodupe sync</code> goes on
      </>
    );
  return (
    <span class="muted">
      last run ended <Ago at={run.ended} />
    </span>
  );
}

/** The upload speed and the remaining time. */
function Pace({ waiting }: { waiting: number }) {
  const pace = uploadPace.value;
  const perS = pace?.done_per_s ?? null;
  const waitsFor = pace?.run?.waiting ?? null;
  if (waitsFor !== null)
    return (
      <p>
        <Mark state="warn">waiting</Mark> for {waitsFor}
      </p>
    );
  if (perS === null || perS <= 0) return null;
  return (
    <p class="muted">
      <Figure of={{ value: digits(Number(perS.toPrecision(2))), unit: "CVs/s" }} />
      {waiting === 0 ? "" : `, about ${lasting(waiting / perS)} left`}
    </p>
  );
}

function Destinations({ sync }: { sync: UploadsOverview }) {
  const isOne = sync.destinations.length === 1;
  return (
    <div class="grid">
      {sync.destinations.map(({ url, done, pending, sending, failed }) => {
        const run = sync.runs.find((candidate) => candidate.destination === url);
        const watch = sync.watches.find((candidate) => candidate.destination === url);
        return (
          <section key={url} class={`panel ${isOne ? "span-12" : "span-6"}`}>
            <h2>{url}</h2>
            <p class="big">
              <Figure of={count(done)} /> uploaded
            </p>
            <p class="muted">
              <Figure of={count(pending)} /> waiting, <Figure of={count(sending)} /> in flight or in doubt,{" "}
              <Figure of={count(failed)} /> failed
            </p>
            {isOne && run?.at_work === true ? <Pace waiting={pending + sending} /> : null}
            {run === undefined ? null : (
              <p>
                <Phase run={run} />
              </p>
            )}
            {watch === undefined ? null : (
              <p>
                <Mark state={watch.at_work ? "ok" : "warn"}>
                  {watch.at_work ? "watched" : "no longer watched"}
                </Mark>{" "}
                <span class="muted">
                  {watch.mode}
                  {watch.reason === null ? "" : `: ${reasonText(watch.reason)}`}, since{" "}
                  <Ago at={watch.since} />
                </span>
              </p>
            )}
          </section>
        );
      })}
    </div>
  );
}

const NAMES = [
  ["hidden", "Hide names"],
  ["shown", "Show names"],
] as const;

/** What is waiting, what is in flight, what failed and why. */
export function Uploads() {
  const { value: sync, error } = answerOf("/api/sync");
  const { value: history } = answerOf("/api/history", "?limit=50&state=sending,done,failed");
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
      <Failures
        failures={sync.failures}
        failed={sync.destinations.reduce((sum, { failed }) => sum + failed, 0)}
      />
      <Choices
        label="Names of people"
        options={NAMES}
        chosen={showsNames.value ? "shown" : "hidden"}
        onChoose={(value) => (showsNames.value = value === "shown")}
      />
      <Table
        caption="The last 50"
        look="feed"
        columns={ENTRY_COLUMNS}
        rows={history?.entries ?? []}
        keyOf={({ checksum, destination }) => `${destination} ${checksum}`}
      />
    </>
  );
}
