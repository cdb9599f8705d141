import type { Fault } from "./faults.ts";
import type { Reply } from "./http-server.ts";
import { FOREIGN, json, refusal, webPage } from "./replies.ts";

/** Whether an upload with this fault is stored all the same. */
export function isTakenIn(fault: Fault, random: () => number): boolean {
  if (fault.type === "lostack") return true;
  const isUnclear =
    fault.type === "foreign" || (fault.type === "gateway" && (fault.status >= 500 || fault.status === 408));
  return isUnclear && random() < 0.5;
}

/** An error as the API sends it, with Retry-After where that is usual: in seconds, null to omit it. */
export function errorReply(
  { status, retryAfter }: { status: number; retryAfter: boolean | null },
  retryAfterS: number | null = 1,
): Reply {
  const isUsual = (status === 429 || status === 503) && retryAfterS !== null;
  const headers = (retryAfter ?? isUsual) ? { "Retry-After": String(retryAfterS ?? 1) } : {};
  return refusal(status, `the sandbox answers ${status} on purpose`, headers);
}

/** The reply that a fault sends instead of the correct one, or null. */
export function failureOf(fault: Fault, retryAfterS?: number | null): Reply | null {
  switch (fault.type) {
    case "status":
      return errorReply(fault, retryAfterS);
    case "gateway": {
      const { status, body } = fault;
      if (body === "html") return webPage(status, status === 502 ? "Bad Gateway" : "Gateway Error");
      return json(status, { error: "gateway", message: `the gateway answers ${status} on purpose` });
    }
    case "foreign":
      return FOREIGN;
    case "gzip":
    case "trickle":
    case "reset":
    case "lostack":
      return null;
  }
}

/** The correct reply, sent in the way its fault requires. */
export function inManner(reply: Reply, fault: Fault | null): Reply {
  const isManner = fault?.type === "gzip" || fault?.type === "trickle";
  return isManner ? { ...reply, manner: fault.type } : reply;
}
