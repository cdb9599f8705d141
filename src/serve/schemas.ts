import { z } from "zod";
import { CONTENT_STATES } from "../db/tables/upload.ts";
import { COMPARISON_TYPES } from "../nodes/compare/options.ts";
import { parseDurationMs } from "../lib/format/duration.ts";

const HOUR_MS = 3_600_000;
const MOST_NODES = 20;
const LONGEST_MS = 366 * 24 * HOUR_MS;

const name = z.string().min(1).max(200);
const nodes = z
  .array(name)
  .min(2, "expected two nodes or more")
  .max(MOST_NODES, `expected ${MOST_NODES} nodes at most`)
  .refine((names) => new Set(names).size === names.length, "a node is named twice");

/** Hours as a number, or a duration such as "24h" or "7d", to milliseconds. */
const range = z.union([z.number(), z.string().max(20)]).transform((value, context) => {
  const ms = typeof value === "number" ? value * HOUR_MS : parseDurationMs(value);
  if (ms !== null && ms >= HOUR_MS && ms <= LONGEST_MS) return ms;
  context.addIssue({ code: "custom", message: 'expected hours (24), or "24h", "7d", "30d", up to 366 days' });
  return z.NEVER;
});

const type = z.enum(COMPARISON_TYPES);

/** The body of `POST /api/comparison`, in either of its two forms. */
export const comparisonBody = z.union([
  z.strictObject({ nodes, timeRange: range.optional(), type: type.optional() }),
  z.strictObject({ node_names: nodes, time_range: range.optional(), comparison_type: type.optional() }),
]);

export interface ComparisonRequest {
  readonly names: readonly string[];
  readonly lastMs: number;
  readonly type: z.infer<typeof type>;
}

/** Converts either form to one request. Defaults: 24 hours, type overall. */
export function comparisonRequest(body: z.infer<typeof comparisonBody>): ComparisonRequest {
  const [names, lastMs, asked] =
    "nodes" in body
      ? [body.nodes, body.timeRange, body.type]
      : [body.node_names, body.time_range, body.comparison_type];
  return { names, lastMs: lastMs ?? 24 * HOUR_MS, type: asked ?? "overall" };
}

export const loginBody = z.strictObject({ token: z.string().min(1).max(1_000) });

/** Which failed uploads to retry: all, those of a destination, those with a reason, or a single content. */
export const retryBody = z.strictObject({
  destination: z.string().max(1_000).optional(),
  checksum: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  reason: z.string().max(1_000).optional(),
});

export const historyQuery = z.strictObject({
  /** One state, or several separated by commas. */
  state: z
    .string()
    .max(100)
    .transform((text, context) => {
      const states = z.array(z.enum(CONTENT_STATES)).safeParse(text.split(","));
      if (states.success) return states.data;
      context.addIssue({ code: "custom", message: `expected ${CONTENT_STATES.join(", ")}, or several` });
      return z.NEVER;
    })
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
});

const SOCKET_MESSAGES = "expected one of get_comparison_data, ping";

/** A WebSocket message asking for a comparison, in the protocol of the earlier monitor. */
export const socketMessage = z.discriminatedUnion(
  "type",
  [
    z.object({
      type: z.literal("get_comparison_data"),
      node_names: nodes,
      comparison_type: type.optional(),
      time_range: range.optional(),
    }),
    /** Checks that the server is still there: a page cannot see the protocol's own pings. */
    z.strictObject({ type: z.literal("ping") }),
  ],
  { error: ({ code }) => (code === "invalid_union" ? SOCKET_MESSAGES : undefined) },
);

const unixMs = z.coerce.number().int().min(0).max(8.64e15);

/** For another board: a node, a window of at most a month, and the hours that its edges cut. */
export const rollupsQuery = z
  .strictObject({ node: z.string().min(1).max(64), since: unixMs, until: unixMs })
  .refine(({ since, until }) => since < until && until - since <= 31 * 24 * HOUR_MS, {
    message: "expected a window of up to 31 days",
    path: ["until"],
  });

/** How far back, in hours. */
export const rangeQuery = z.strictObject({ hours: z.coerce.number().int().min(1).max(720).default(24) });

/** The same, plus which hourly series to include: all, or only the operations, a third of the size. */
export const nodesQuery = rangeQuery.extend({ series: z.enum(["all", "operations"]).default("all") });
