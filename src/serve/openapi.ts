import * as z from "zod";
import { VERSION } from "../lib/version.ts";
import { type Answered, ANSWERS, refused } from "./answers.ts";
import {
  comparisonBody,
  historyQuery,
  loginBody,
  nodesQuery,
  rangeQuery,
  retryBody,
  rollupsQuery,
} from "./schemas.ts";

/** A method of a path. */
interface Operation {
  readonly summary: string;
  /** The description of the 200 answer. */
  readonly ok: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Further statuses whose answers have the same schema. */
  readonly also?: Readonly<Record<number, string>>;
  /** Needs no token. */
  readonly isPublic?: boolean;
}

const IN_JSON: Readonly<Record<Answered, Operation>> = {
  "POST /api/comparison": {
    summary: "Compares nodes",
    ok: "as nodupe compare --json prints it",
    body: comparisonBody,
  },
  "GET /api/time": { summary: "The clock", ok: "measurements and servers", query: rangeQuery },
  "GET /api/nodes": { summary: "Every node at a glance", ok: "nodes", query: nodesQuery },
  "GET /api/board": {
    summary: "The board at a glance",
    ok: "problems, clock, uploads, nodes, store; the same size however many nodes there are",
  },
  "GET /api/system": { summary: "What runs here", ok: "store, logs, watched folders" },
  "GET /api/metrics": {
    summary: "The metrics of a comparison",
    ok: "name, label, unit and direction of each",
  },
  "GET /api/sync": { summary: "The uploads", ok: "destinations, failures by reason, runs" },
  "POST /api/sync/retry": {
    summary: "Retries failed uploads",
    ok: "how many are pending again",
    body: retryBody,
  },
  "GET /api/history": {
    summary: "The upload history, one page",
    ok: "entries, newest first",
    query: historyQuery,
  },
  "GET /api/fleet": { summary: "The other boards that this one follows", ok: "each with its nodes" },
  "GET /api/jobs": { summary: "What this process does beside serving", ok: "jobs, and how each stands" },
  "POST /api/login": {
    summary: "Opens a session",
    ok: "the session is in a cookie",
    body: loginBody,
    isPublic: true,
  },
  "POST /api/logout": { summary: "Ends the session", ok: "ended" },
  "GET /health": {
    summary: "As nodupe status --json",
    ok: "healthy",
    also: { 503: "something is wrong: `problems` says what" },
  },
};

const IN_OTHER_FORMS: Readonly<Record<string, Operation & { readonly contentType: string }>> = {
  "GET /api/rollups": {
    summary: "A node's hours, for another board",
    ok: "bytes that nodupe compare reads",
    query: rollupsQuery,
    contentType: "application/octet-stream",
  },
  "GET /api/events": {
    summary: "Live events, as server-sent events",
    ok: "a stream of events",
    contentType: "text/event-stream",
  },
  "GET /metrics": { summary: "As nodupe metrics", ok: "Prometheus text", contentType: "text/plain" },
};

type Content = Readonly<Record<string, object>>;

function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  // Durations may be strings or numbers in requests.
  return z.toJSONSchema(schema, { target: "openapi-3.0", io, unrepresentable: "any" });
}

function json(schema: z.ZodType, io: "input" | "output"): Content {
  return { "application/json": { schema: schemaOf(schema, io) } };
}

function parameters(query: z.ZodObject): object[] {
  return Object.entries(query.shape).map(([name, of]) => ({
    name,
    in: "query",
    required: false,
    schema: schemaOf(of as z.ZodType, "input"),
  }));
}

function operation(
  { summary, ok, query, body, also = {}, isPublic = false }: Operation,
  content: Content,
): object {
  const answers = Object.entries({ 200: ok, ...also }).map(([status, description]) => [
    status,
    { description, content },
  ]);
  const says = json(refused, "output");
  return {
    summary,
    ...(query === undefined ? {} : { parameters: parameters(query) }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body, "input") } }),
    responses: {
      ...Object.fromEntries(answers),
      400: { description: "the request is not valid; `error` says why", content: says },
      401: { description: "the token is missing or wrong", content: says },
    },
    ...(isPublic ? { security: [] } : {}),
  };
}

/** The API as an OpenAPI 3.0 document, generated from the schemas that check the requests and describe the answers. */
export function openApi(): object {
  const paths: Record<string, Record<string, object>> = {};
  const add = (name: string, of: object): void => {
    const [method = "", path = ""] = name.split(" ");
    paths[path] = { ...paths[path], [method.toLowerCase()]: of };
  };
  for (const [name, of] of Object.entries(IN_JSON))
    add(name, operation(of, json(ANSWERS[name as Answered], "output")));
  for (const [name, of] of Object.entries(IN_OTHER_FORMS)) add(name, operation(of, { [of.contentType]: {} }));
  return {
    openapi: "3.0.3",
    info: { title: "nodupe", version: VERSION, description: "The API of nodupe serve." },
    components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
    security: [{ bearer: [] }],
    paths,
  };
}
