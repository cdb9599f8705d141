import { path } from "../kind.ts";
import { optional } from "../option.ts";

/** `[store]`: shared by every command that keeps something. */
export const storeOptions = {
  db: optional(path, "the embedded SQLite store; :memory: for one that is not kept", {
    placeholder: "FILE",
    defaultText: "~/.local/share/nodupe/nodupe.db",
    env: ["NODUPE_DB"],
  }),
} as const;
