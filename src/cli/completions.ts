import { storeOptions } from "../db/options.ts";
import { Failure } from "../lib/errors.ts";
import { didYouMean } from "../lib/nearest.ts";
import type { Candidates, CommandNode } from "../render/command-tree.ts";
import { command } from "./command-line/command.ts";

type Render = (root: CommandNode) => string;

const SHELLS: Readonly<Record<string, () => Promise<Render>>> = {
  bash: () => import("../render/completions-bash.ts").then((module) => module.bashCompletions),
  zsh: () => import("../render/completions-zsh.ts").then((module) => module.zshCompletions),
  fish: () => import("../render/completions-fish.ts").then((module) => module.fishCompletions),
};

function candidatesNamed(word: string): Candidates | null {
  return word === "nodes" || word === "checksums" ? word : null;
}

export const completions = command({
  name: "completions",
  purpose: "Prints the completion script of a shell.",
  usage: "bash|zsh|fish",
  positionals: { min: 1, max: Infinity },
  options: { store: storeOptions },
  readsConfig: ({ positionals: [word = ""] }) => candidatesNamed(word) !== null,
  details:
    "The scripts ask nodupe itself for what the store knows: nodupe completions nodes PREFIX prints the names of nodes, nodupe completions checksums PREFIX what was uploaded, one a line.",
  examples: [
    ["nodupe completions bash > ~/.local/share/bash-completion/completions/nodupe", "for bash"],
    ["nodupe completions zsh > ~/.zfunc/_nodupe", "for zsh, with ~/.zfunc on its fpath"],
    ["nodupe completions fish > ~/.config/fish/completions/nodupe.fish", "for fish"],
  ],
  result: () => import("../render/results/program.ts").then((module) => module.completionsResult),
  exitCodes: { 0: "printed", 2: "not a shell that is known, or no store to take names from" },
  run: async ({ positionals: [word = "", typed = "", ...words], terminal, storePath }) => {
    const kind = candidatesNamed(word);
    if (kind !== null) {
      const { candidatesOf } = await import("./completions/candidates.ts");
      const candidates = await candidatesOf(kind, typed, { words, storePath });
      if (terminal.json) await terminal.resultJson({ candidates });
      else if (candidates.length > 0) await terminal.result(candidates.join("\n"));
      return 0;
    }
    const load = Object.hasOwn(SHELLS, word) ? SHELLS[word] : undefined;
    if (load === undefined) {
      const known = Object.keys(SHELLS);
      throw new Failure(
        "usage",
        `unknown shell ${JSON.stringify(word)}, expected one of ${known.join(", ")}${didYouMean(word, known)}`,
      );
    }
    if (typed !== "")
      throw new Failure(
        "usage",
        `unexpected argument ${JSON.stringify(typed)}; usage: nodupe completions ${word}`,
      );
    const { commandTree } = await import("./command-line/command-tree.ts");
    const [render, root] = await Promise.all([load(), commandTree()]);
    const script = render(root).trimEnd();
    if (terminal.json) await terminal.resultJson({ shell: word, script: `${script}\n` });
    else await terminal.result(script);
    return 0;
  },
});
