import type { NodeOverview } from "../../../nodes/overview.ts";
import { bytes, count, percent, usd } from "../format.ts";
import { Ago, Figure } from "../parts/figures.tsx";

/** Caveats about a node's figures. */
function caveatsOf({
  log_level: level,
  latency_resolution_ms: resolutionMs,
  coverage_percent: coverage,
}: NodeOverview) {
  return [
    ...(level === "info"
      ? ["Its log is at INFO: it shows no started operations, so no latencies, and not every failed upload."]
      : []),
    ...(level === "error" ? ["Its log shows failures alone: no rate can be told from it."] : []),
    ...(resolutionMs === 1_000
      ? ["Its log tells whole seconds: the mean latency is right, percentiles are hidden."]
      : []),
    ...(coverage < 95 ? [`Its log covers ${Math.round(coverage)}% of the last 24 hours.`] : []),
  ];
}

function Scores({ of: { scores } }: { of: NodeOverview }) {
  if (scores.length === 0) return <p class="muted">Its log has told no scores by satellite.</p>;
  return (
    <table class="wide scores">
      <caption>Scores by satellite, as its log told them last</caption>
      <thead>
        <tr>
          <th scope="col">Satellite</th>
          <th scope="col" class="number">
            Audit
          </th>
          <th scope="col" class="number">
            Suspension
          </th>
          <th scope="col" class="number">
            Online
          </th>
        </tr>
      </thead>
      <tbody>
        {scores.map((score) => (
          <tr key={score.satellite}>
            <th scope="row">{score.satellite}</th>
            {[score.audit_percent, score.suspension_percent, score.online_percent].map((value, at) => (
              <td key={at} class="number">
                <Figure of={percent(value)} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Shown below a node's row when it is opened. */
export function NodeDetails({ of: node }: { of: NodeOverview }) {
  const { standing } = node;
  const caveats = caveatsOf(node);
  return (
    <div class="grid">
      <div class="span-6">
        <Scores of={node} />
      </div>
      <div class="span-6">
        <dl>
          <dt>Audits passed</dt>
          <dd>
            <Figure of={percent(node.success_rate_audit)} />
          </dd>
          <dt>Failed operations</dt>
          <dd>
            <Figure of={percent(node.failed_percent)} />
          </dd>
          {standing === null ? null : (
            <>
              <dt>Disqualified, suspended</dt>
              <dd>
                on <Figure of={count(standing.disqualified)} />, <Figure of={count(standing.suspended)} />{" "}
                satellites
              </dd>
              <dt>Trash</dt>
              <dd>
                <Figure of={bytes(standing.trash_bytes)} />
              </dd>
              <dt>Held in all</dt>
              <dd>
                <Figure of={usd(standing.held_usd)} />
              </dd>
              <dt>Storage node</dt>
              <dd>
                {standing.version ?? "–"}, asked <Ago at={standing.taken} />
              </dd>
            </>
          )}
        </dl>
        {standing === null ? (
          <p class="muted">
            Its own API was never asked: <code>nodupe ingest --node {node.node_name} --api URL</code> tells
            disk, earnings and version.
          </p>
        ) : null}
        {caveats.length === 0 ? null : (
          <ul class="notes">
            {caveats.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
