import { Fragment } from "preact";
import type { SystemSummary } from "../../board-summary.ts";
import { bytes } from "../format.ts";
import { Failed } from "../parts/empty.tsx";
import { Ago, Figure } from "../parts/figures.tsx";
import { answerOf } from "../state.ts";

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

/** Of a long list the logs that lag most behind. */
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

/** The store, how far the logs are read, and what runs here. */
export function System() {
  const { value: system, error } = answerOf("/api/system");
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
      </div>
    </>
  );
}
