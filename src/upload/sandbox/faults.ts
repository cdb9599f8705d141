/**
 * What the sandbox does wrong on purpose: an error status, a web page instead of an answer (`html`), the connection
 * cut before the content is whole (`reset`), or cut after it was stored, so that only the answer is lost (`lostack`).
 */
export type Fault =
  | { readonly type: "status"; readonly status: number }
  | { readonly type: "html" }
  | { readonly type: "reset" }
  | { readonly type: "lostack" };

interface FaultChance {
  readonly fault: Fault;
  /** Share of requests, 0 to 1. */
  readonly probability: number;
}

/** Fewer than all requests fail in sum: the rest is answered as it should be. */
export type FaultPlan = readonly FaultChance[];

export const FAULTS_EXPECTED =
  "faults as NAME:SHARE with commas between, such as 500:0.05,429:0.02,reset:0.01,lostack:0.01,html:0.01; " +
  "a name is a status from 400 to 599, html, reset or lostack, each once; shares are from 0 to 1 and 1 in sum at most";

function parseFault(name: string): Fault | null {
  if (name === "html" || name === "reset" || name === "lostack") return { type: name };
  return /^[45]\d\d$/.test(name) ? { type: "status", status: Number(name) } : null;
}

export function faultName(fault: Fault): string {
  return fault.type === "status" ? String(fault.status) : fault.type;
}

/** `500:0.05,reset:0.01` → a plan; null where it is not one (FAULTS_EXPECTED says what is). Empty is no faults. */
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

/** The fault that a request gets, or null. `random` is uniform in [0, 1). */
export function drawFault(plan: FaultPlan, random: () => number): Fault | null {
  let left = random();
  for (const { fault, probability } of plan) {
    if (left < probability) return fault;
    left -= probability;
  }
  return null;
}
