import { z } from "zod";

/** The settings of the earlier client (cv-sync-service 2), as far as its file has them. */
export interface EarlierConfig {
  readonly folderPath: string | null;
  readonly apiKey: string | null;
  readonly url: string | null;
  readonly retries: number | null;
  readonly retryDelayMs: number | null;
  readonly workers: number | null;
}

export type Read<T> =
  | { readonly type: "read"; readonly value: T }
  /** One line for each fault: what was found, what was expected. */
  | { readonly type: "refused"; readonly faults: readonly string[] };

const CONFIG = z.object({
  folder_path: z.string().min(1).nullish(),
  api_key: z.string().min(1).nullish(),
  tanova_url: z.url({ protocol: /^https?$/ }).nullish(),
  retry_count: z.int().min(0).nullish(),
  retry_delay: z.number().min(0).nullish(),
  max_workers: z.int().min(1).nullish(),
});

const CHECKSUM = /^[0-9a-f]{64}$/i;

function parseJson(text: string): Read<unknown> {
  try {
    return { type: "read", value: JSON.parse(text.replace(/^\uFEFF/, "")) };
  } catch {
    const isCut = text.trimEnd() !== "" && !/[\]}]$/.test(text.trimEnd());
    return { type: "refused", faults: [isCut ? "it is no JSON: it ends in the middle" : "it is no JSON"] };
  }
}

/** Reads `tanova-config.json`. Keys that it does not know are the earlier client's own business. */
export function readEarlierConfig(text: string): Read<EarlierConfig> {
  const json = parseJson(text);
  if (json.type === "refused") return json;
  const parsed = CONFIG.safeParse(json.value);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join(".")}: ${message}`,
    );
    return { type: "refused", faults };
  }
  const found = parsed.data;
  return {
    type: "read",
    value: {
      folderPath: found.folder_path ?? null,
      apiKey: found.api_key ?? null,
      url: found.tanova_url ?? null,
      retries: found.retry_count ?? null,
      retryDelayMs: typeof found.retry_delay === "number" ? Math.round(found.retry_delay * 1000) : null,
      workers: found.max_workers ?? null,
    },
  };
}

/**
 * Reads `sync_history.json`: a JSON array of SHA-256 in hex. It is taken whole or not at all: a file that was cut
 * off or damaged says nothing of what it lost.
 */
export function readEarlierHistory(text: string): Read<ReadonlySet<string>> {
  const json = parseJson(text);
  if (json.type === "refused") return json;
  if (!Array.isArray(json.value))
    return { type: "refused", faults: ["expected a JSON array of SHA-256 checksums"] };
  const entries = json.value as readonly unknown[];
  const checksums = new Set<string>();
  for (const [at, entry] of entries.entries()) {
    if (typeof entry !== "string" || !CHECKSUM.test(entry)) {
      const found = (JSON.stringify(entry) ?? "nothing").slice(0, 80);
      return {
        type: "refused",
        faults: [`entry ${at + 1} is ${found}, expected a SHA-256 of 64 hex digits`],
      };
    }
    checksums.add(entry.toLowerCase());
  }
  return { type: "read", value: checksums };
}

/** Writes what the earlier client reads. */
export function writeEarlierHistory(checksums: Iterable<string>): string {
  return JSON.stringify([...checksums]);
}
