/** The faults that the sandbox can produce. */
export type Fault =
  /** The API itself refuses with JSON, and nothing is stored. `retryAfter` null: sent with 429 and 503, as usual. */
  | { readonly type: "status"; readonly status: number; readonly retryAfter: boolean | null }
  /** Something in front of the API answers; with a 5xx or 408 the API may have stored the upload, or not. */
  | { readonly type: "gateway"; readonly status: number; readonly body: "json" | "html" }
  /** 200 with JSON that is not about the upload, which may be stored or not. */
  | { readonly type: "foreign" }
  /** The correct answer, compressed although the client did not ask for that. */
  | { readonly type: "gzip" }
  /** The correct answer, one byte a second. */
  | { readonly type: "trickle" }
  /** The connection is reset before the content is whole. */
  | { readonly type: "reset" }
  /** The connection is reset after the content was stored: only the answer is lost. */
  | { readonly type: "lostack" };

interface FaultChance {
  readonly fault: Fault;
  /** Share of requests, 0 to 1. */
  readonly probability: number;
}

/** The shares add up to at most 1: the remaining requests are answered correctly. */
export type FaultPlan = readonly FaultChance[];

/** Every name and its effect, for the help. */
export const FAULT_NAMES =
  "NNN (a status from 400 to 599 from the API itself, nothing is stored; 429 and 503 with Retry-After), " +
  "NNNra and NNNbare (the same with and without Retry-After), " +
  "NNNjson and NNNhtml (a gateway's answer; with 408 and 5xx the upload is stored or not, at random), " +
  "html (502html), 200foreign (a maintenance page in JSON; stored or not), gzip and trickle (the right answer " +
  "compressed, or a byte a second), reset (cut before the upload is whole), lostack (stored, but the answer is lost)";

export const FAULTS_EXPECTED =
  "faults as NAME:SHARE with commas between, such as 500:0.05,429:0.02,504json:0.05,reset:0.01,lostack:0.01; " +
  "a name is a status from 400 to 599, alone or with json, html, ra or bare behind it, html, 200foreign, gzip, trickle, " +
  "reset or lostack, each once; shares are from 0 to 1 and 1 in sum at most";

function parseFault(name: string): Fault | null {
  switch (name) {
    case "html":
      return { type: "gateway", status: 502, body: "html" };
    case "200foreign":
      return { type: "foreign" };
    case "gzip":
    case "trickle":
    case "reset":
    case "lostack":
      return { type: name };
    default: {
      const [, digits, suffix] = /^([45]\d\d)(json|html|ra|bare)?$/.exec(name) ?? [];
      if (digits === undefined) return null;
      const status = Number(digits);
      if (suffix === "json" || suffix === "html") return { type: "gateway", status, body: suffix };
      return { type: "status", status, retryAfter: suffix === undefined ? null : suffix === "ra" };
    }
  }
}

export function faultName(fault: Fault): string {
  switch (fault.type) {
    case "status": {
      const { status, retryAfter } = fault;
      return `${status}${retryAfter === null ? "" : retryAfter ? "ra" : "bare"}`;
    }
    case "gateway":
      return `${fault.status}${fault.body}`;
    case "foreign":
      return "200foreign";
    case "gzip":
    case "trickle":
    case "reset":
    case "lostack":
      return fault.type;
  }
}

/** Parses `500:0.05,reset:0.01`; null if it is not a valid plan (see FAULTS_EXPECTED). Empty means no faults. */
export function parseFaults(text: string): FaultPlan | null {
  const plan: FaultChance[] = [];
  const names = new Set<string>();
  for (const entry of text.split(",")) {
    if (text.trim() === "") break;
    const match = /^\s*([a-z0-9]+):(\d+(?:\.\d+)?|\.\d+)\s*$/.exec(entry);
    const fault = parseFault(match?.[1] ?? "");
    const probability = Number(match?.[2]);
    if (fault === null || !(probability <= 1) || names.has(faultName(fault))) return null;
    names.add(faultName(fault));
    plan.push({ fault, probability });
  }
  const sum = plan.reduce((total, { probability }) => total + probability, 0);
  // Ten times 0.1 is a little more than 1 in floating point.
  return sum <= 1 + 1e-9 ? plan : null;
}

export function formatFaults(plan: FaultPlan): string {
  return plan.map(({ fault, probability }) => `${faultName(fault)}:${probability}`).join(",");
}

/** Chooses the fault for a request, or null. `random` is uniform in [0, 1). */
export function drawFault(plan: FaultPlan, random: () => number): Fault | null {
  let left = random();
  for (const { fault, probability } of plan) {
    if (left < probability) return fault;
    left -= probability;
  }
  return null;
}
