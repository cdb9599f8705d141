import { z } from "zod";
import { VERSION } from "../lib/version.ts";
import {
  comparisonBody,
  historyQuery,
  loginBody,
  nodesQuery,
  rangeQuery,
  retryBody,
  rollupsQuery,
} from "./schemas.ts";

function schemaOf(schema: z.ZodType): object {
  // Durations are texts or numbers when they come in.
  return z.toJSONSchema(schema, { target: "openapi-3.0", io: "input", unrepresentable: "any" });
}

function body(schema: z.ZodType): object {
  return { required: true, content: { "application/json": { schema: schemaOf(schema) } } };
}

function parameters(schema: z.ZodObject): object[] {
  return Object.entries(schema.shape).map(([name, of]) => ({
    name,
    in: "query",
    required: false,
    schema: schemaOf(of as z.ZodType),
  }));
}

const REFUSALS = {
  400: { description: "the request is not valid; `error` says why" },
  401: { description: "the token is missing or wrong" },
};

function operation(summary: string, ok: string, rest: object = {}): object {
  return { summary, responses: { 200: { description: ok }, ...REFUSALS }, ...rest };
}

/** The API as an OpenAPI 3.0 document, out of the schemas that check the requests. */
export function openApi(): object {
  return {
    openapi: "3.0.3",
    info: { title: "nodupe", version: VERSION, description: "The API of nodupe serve." },
    components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
    security: [{ bearer: [] }],
    paths: {
      "/api/comparison": {
        post: operation("Compares nodes", "as nodupe compare --json prints it", {
          requestBody: body(comparisonBody),
        }),
      },
      "/api/time": {
        get: operation("The clock", "measurements and servers", { parameters: parameters(rangeQuery) }),
      },
      "/api/nodes": {
        get: operation("Every node at a glance", "nodes", { parameters: parameters(nodesQuery) }),
      },
      "/api/board": {
        get: operation(
          "The board at a glance",
          "problems, clock, uploads, nodes, store; the same size however many nodes there are",
        ),
      },
      "/api/system": { get: operation("What runs here", "store, logs, watched folders") },
      "/api/metrics": {
        get: operation("The metrics of a comparison", "name, label, unit and direction of each"),
      },
      "/api/sync": { get: operation("The uploads", "destinations, failures by reason, runs") },
      "/api/sync/retry": {
        post: operation("Retries failed uploads", "how many are pending again", {
          requestBody: body(retryBody),
        }),
      },
      "/api/history": {
        get: operation("The upload history, one page", "entries, newest first", {
          parameters: parameters(historyQuery),
        }),
      },
      "/api/fleet": { get: operation("The other boards that this one follows", "each with its nodes") },
      "/api/jobs": { get: operation("What this process does beside serving", "jobs, and how each stands") },
      "/api/rollups": {
        get: operation("A node's hours, for another board", "bytes that nodupe compare reads", {
          parameters: parameters(rollupsQuery),
        }),
      },
      "/api/events": { get: operation("Live events, as server-sent events", "a stream of events") },
      "/api/login": {
        post: operation("Opens a session", "the session is in a cookie", {
          requestBody: body(loginBody),
          security: [],
        }),
      },
      "/api/logout": { post: operation("Ends the session", "ended") },
      "/health": { get: operation("As nodupe status --json", "healthy; 503 where something is wrong") },
      "/metrics": { get: operation("As nodupe metrics", "Prometheus text") },
    },
  };
}
