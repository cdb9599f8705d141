import { Fragment } from "preact";
import type { JobTold } from "../../jobs/jobs.ts";
import type { SystemSummary } from "../../board-summary.ts";
import { bytes } from "../format.ts";
import { Failed } from "../parts/empty.tsx";
import { Ago, Figure, Mark, type State } from "../parts/figures.tsx";
import { answerOf } from "../state.ts";
import { FleetBoards } from "./fleet-boards.tsx";

function Store({ store }: Pick<SystemSummary, "store">) {
  return (
    <section class="panel span-4">
      <h2>Store</h2>
      <dl>
        <dt>File</dt>
        <dd>
          <code>{store.path}</code>
        </dd>
        <dt>Size</dt>
        <dd>
          <Figure of={bytes(store.size_bytes)} />
        </dd>
        <dt>Free on this disk</dt>
        <dd>
          <Figure of={bytes(store.free_bytes)} /> of <Figure of={bytes(store.total_bytes)} />
        </dd>
      </dl>
    </section>
  );
}

/** Of a long list, only the logs that lag most are shown. */
const LOGS_SHOWN = 12;

function Logs({ logs }: Pick<SystemSummary, "logs">) {
  const shown = logs.toSorted((a, b) => (b.age_s ?? Infinity) - (a.age_s ?? Infinity)).slice(0, LOGS_SHOWN);
  return (
    <section class="panel span-4">
      <h2>Logs, read up to</h2>
      {logs.length === 0 ? (
        <p class="muted">No log has been read yet.</p>
      ) : (
        <dl>
          {shown.map(({ node_name: name, newest_line: newest }) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>
                <Ago at={newest} />
              </dd>
            </Fragment>
          ))}
        </dl>
      )}
      {logs.length > shown.length ? (
        <p class="muted">and {logs.length - shown.length} more, which lag less</p>
      ) : null}
    </section>
  );
}

const SHARES: Readonly<Record<SystemSummary["shares"][number]["state"], readonly [State, string]>> = {
  joined: ["ok", "joined"],
  settling: ["busy", "settling what others left"],
  away: ["warn", "not reachable"],
};

/** Upload histories shared with other machines; nothing if there are none. */
function Shares({ shares }: Pick<SystemSummary, "shares">) {
  if (shares.length === 0) return null;
  return (
    <section class="panel span-6">
      <h2>Shared store</h2>
      <ul class="rows">
        {shares.map(({ destination, address, state, reason, since, at_work: atWork }) => {
          const [mark, word] = SHARES[state];
          return (
            <li key={`${destination}\n${address}`}>
              <span>
                {address}{" "}
                <span class="under">
                  for {destination}
                  {reason === null ? "" : `: ${reason}`}
                </span>
              </span>
              <span>
                {atWork ? <Mark state={mark}>{word}</Mark> : <span class="muted">not in use</span>}{" "}
                <span class="under">
                  <Ago at={since} />
                </span>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function JobState({ of: { state, reason, since, again } }: { of: JobTold }) {
  switch (state) {
    case "running":
      return (
        <span>
          <Mark state="ok">running</Mark>{" "}
          <span class="under">
            started <Ago at={since} />
          </span>
        </span>
      );
    case "waiting":
      return (
        <span>
          <Mark state="warn">failed</Mark>{" "}
          <span class="under">
            {reason ?? "unknown reason"}
            {again === null ? "" : "; started again soon"}
          </span>
        </span>
      );
    case "ended":
      return <Mark state="busy">ended</Mark>;
  }
}

/** The other jobs of this process; nothing if it only serves. */
function Jobs({ jobs }: { jobs: readonly JobTold[] }) {
  if (jobs.length === 0) return null;
  return (
    <section class="panel span-6">
      <h2>Jobs of this process</h2>
      <ul class="rows">
        {jobs.map((job) => (
          <li key={job.name}>
            <span>
              {job.name}
              {job.failures === 0 ? null : (
                <span class="under">
                  failed {job.failures} {job.failures === 1 ? "time" : "times"} so far
                </span>
              )}
            </span>
            <JobState of={job} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The store, how far the logs are read, what runs here, and the other boards. */
export function System() {
  const { value: system, error } = answerOf("/api/system");
  const { value: jobs } = answerOf("/api/jobs");
  const { value: fleet } = answerOf("/api/fleet", "?series=operations");
  if (system === null) return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      <div class="grid">
        <Store store={system.store} />
        <Logs logs={system.logs} />
        <section class="panel span-4">
          <h2>Version</h2>
          <p>nodupe {system.store.version}</p>
          <p>
            <a href="/api/openapi.json">The API</a>, <a href="/metrics">the metrics</a>
          </p>
        </section>
        <Shares shares={system.shares} />
        <Jobs jobs={jobs?.jobs ?? []} />
      </div>
      {fleet === null ? null : <FleetBoards boards={fleet.boards} />}
    </>
  );
}
