import type { CompareSettings, JudgeSettings } from "./options.ts";
import type { Window } from "./load.ts";

/** A comparison's question: the settings, and a window. */
export interface Question extends JudgeSettings, Pick<CompareSettings, "type" | "pairs"> {
  readonly window: Window;
  /** How the window was given: `7d`, `custom`. */
  readonly rangeName: string;
}
