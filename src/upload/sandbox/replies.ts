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

/** What a proxy in between says when the API is away. */
export const HTML_ERROR: Reply = {
  status: 502,
  contentType: "text/html",
  text: "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>",
};
