import { type Kind, path } from "../settings/kind.ts";
import { optional } from "../settings/option.ts";

const storePath: Kind<string> = {
  ...path,
  expected: "a path, or :memory:",
  parse: (value) => (value === ":memory:" ? value : path.parse(value)),
};

/** `[store]`: shared by every command that stores anything. */
export const storeOptions = {
  db: optional(storePath, "the embedded SQLite store; :memory: keeps nothing", {
    placeholder: "FILE",
    example: "~/nodupe.db",
    defaultText: "~/.local/share/nodupe/nodupe.db",
    env: ["NODUPE_DB"],
  }),
} as const;
