import type { Reply } from "./http-server.ts";

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, contentType: "application/json", text: JSON.stringify(value), headers };
}

export function refusal(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return json(status, { success: false, message }, headers);
}

/** A proxy's answer, written for a browser. */
export function webPage(status: number, title: string): Reply {
  const text = `<!DOCTYPE html><html><head><title>${status} ${title}</title></head><body><h1>${title}</h1></body></html>`;
  return { status, contentType: "text/html", text };
}

/** A maintenance page in JSON: 200, but nothing about the upload. */
export const FOREIGN: Reply = json(200, { status: "maintenance", message: "We will be back soon" });
