import type { CompareOptions } from "./compare.ts";

export interface Question extends CompareOptions {
  /** `7d`, `custom`: how the window was asked for. */
  readonly rangeName: string;
}

/** What is settled about every comparison, by the names of the settings. */
export interface CompareSettings extends Pick<
  Question,
  "type" | "minGap" | "minLatencyGap" | "resamples" | "pairs" | "connections"
> {
  readonly egressUsd: number;
  readonly repairUsd: number;
  readonly auditUsd: number;
  readonly storageUsd: number;
  /** In ms. */
  readonly queryTimeout: number;
}

/** The question that the settings put about a window. */
export function questionOf(
  settings: CompareSettings,
  about: Pick<Question, "window" | "rangeName">,
): Question {
  const { egressUsd, repairUsd, auditUsd, storageUsd } = settings;
  return {
    type: settings.type,
    window: about.window,
    rangeName: about.rangeName,
    rates: { egressUsd, repairUsd, auditUsd, storageUsd },
    minGap: settings.minGap,
    minLatencyGap: settings.minLatencyGap,
    resamples: settings.resamples,
    pairs: settings.pairs,
    queryTimeoutMs: settings.queryTimeout,
    connections: settings.connections,
  };
}
