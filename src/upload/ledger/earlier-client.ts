import { z } from "zod";

/** The settings of the earlier client (cv-sync-service 2) that its file contains. */
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
  /** One line per fault: what was found, what was expected. */
  | { readonly type: "refused"; readonly faults: readonly string[] };

const CONFIG = z.object({
  folder_path: z.string().min(1).nullish(),
  api_key: z.string().min(1).nullish(),
  tanova_url: z.url({ protocol: /^https?$/ }).nullish(),
  retry_count: z.int().min(0).nullish(),
  retry_delay: z.number().min(0).nullish(),
  max_workers: z.int().min(1).nullish(),
});

function parseJson(text: string): Read<unknown> {
  try {
    return { type: "read", value: JSON.parse(text.replace(/^\uFEFF/, "")) };
  } catch {
    const isCut = text.trimEnd() !== "" && !/[\]}]$/.test(text.trimEnd());
    return { type: "refused", faults: [isCut ? "it is no JSON: it ends in the middle" : "it is no JSON"] };
  }
}

/** Reads `tanova-config.json`. Unknown keys are ignored: they are the earlier client's own business. */
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
