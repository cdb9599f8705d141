import type { CompareSettings, JudgeSettings } from "./options.ts";
import type { Window } from "./load.ts";

/** What is asked of the nodes: the settings as they are told, about a window. */
export interface Question extends JudgeSettings, Pick<CompareSettings, "type" | "pairs"> {
  readonly window: Window;
  /** `7d`, `custom`: how the window was asked for. */
  readonly rangeName: string;
}
