import * as z from "zod";

/** What the earlier client (cv-sync-service 2.0.0) keeps in `tanova-config.json`; a key that is absent is null. */
export interface EarlierConfig {
  readonly folder: string | null;
  readonly apiKey: string | null;
  readonly url: string | null;
  readonly retries: number | null;
  readonly retryDelayMs: number | null;
  readonly workers: number | null;
}

export type EarlierConfigParse =
  | { readonly type: "valid"; readonly config: EarlierConfig; readonly unknownKeys: readonly string[] }
  | { readonly type: "invalid"; readonly faults: readonly string[] };

const text = z.string().min(1).nullish();
const documentSchema = z.looseObject({
  folder_path: text,
  api_key: text,
  tanova_url: text,
  retry_count: z.int().min(0).max(100).nullish(),
  /** Seconds. */
  retry_delay: z.number().min(0).max(86_400).nullish(),
  max_workers: z.int().min(1).nullish(),
});

/** JSON of the earlier client's config → its values, or every fault at once: key and what was expected. */
export function parseEarlierConfig(document: unknown): EarlierConfigParse {
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      const place = issue.path.join(".");
      return place === "" ? issue.message : `${place}: ${issue.message}`;
    });
    return { type: "invalid", faults };
  }
  const { folder_path, api_key, tanova_url, retry_count, retry_delay, max_workers, ...others } = parsed.data;
  const config: EarlierConfig = {
    folder: folder_path ?? null,
    apiKey: api_key ?? null,
    url: tanova_url ?? null,
    retries: retry_count ?? null,
    retryDelayMs: typeof retry_delay === "number" ? Math.round(retry_delay * 1_000) : null,
    workers: max_workers ?? null,
  };
  return { type: "valid", config, unknownKeys: Object.keys(others) };
}
