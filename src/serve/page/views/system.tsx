import { bytes } from "../format.ts";
import { Failed } from "../parts/empty.tsx";
import { Ago, Figure } from "../parts/figures.tsx";
import { answerOf } from "../state.ts";

/** The store, how far the logs are read, and what runs here. */
export function System() {
  const { value: board, error } = answerOf("/api/system");
  if (board === null) return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  const { store, logs } = board;
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      <div class="grid">
        <section class="panel">
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
        <section class="panel">
          <h2>Logs read up to</h2>
          {logs.length === 0 ? (
            <p class="muted">No log has been read yet.</p>
          ) : (
            <dl>
              {logs.map(({ node_name: name, newest_line: newest }) => (
                <>
                  <dt>{name}</dt>
                  <dd>
                    <Ago at={newest} />
                  </dd>
                </>
              ))}
            </dl>
          )}
        </section>
        <section class="panel">
          <h2>Version</h2>
          <p>nodupe {store.version}</p>
          <p>
            <a href="/api/openapi.json">The API</a>, <a href="/metrics">the metrics</a>
          </p>
        </section>
      </div>
    </>
  );
}
