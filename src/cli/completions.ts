import { Failure } from "../lib/errors.ts";
import { didYouMean } from "../lib/nearest.ts";
import type { CommandNode } from "../render/command-tree.ts";
import { command } from "./command-line/command.ts";

type Render = (root: CommandNode) => string;

const SHELLS: Readonly<Record<string, () => Promise<Render>>> = {
  bash: () => import("../render/completions-bash.ts").then((module) => module.bashCompletions),
  zsh: () => import("../render/completions-zsh.ts").then((module) => module.zshCompletions),
  fish: () => import("../render/completions-fish.ts").then((module) => module.fishCompletions),
};

export const completions = command({
  name: "completions",
  purpose: "Prints the completion script of a shell.",
  usage: "bash|zsh|fish",
  positionals: { min: 1, max: 1 },
  options: {},
  readsConfig: false,
  examples: [
    ["nodupe completions bash > ~/.local/share/bash-completion/completions/nodupe", "for bash"],
    ["nodupe completions zsh > ~/.zfunc/_nodupe", "for zsh, with ~/.zfunc on its fpath"],
    ["nodupe completions fish > ~/.config/fish/completions/nodupe.fish", "for fish"],
  ],
  result: () => import("../render/results/program.ts").then((module) => module.completionsResult),
  exitCodes: { 0: "printed", 2: "not a shell that is known" },
  run: async ({ positionals: [shell = ""], terminal }) => {
    const load = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
    if (load === undefined) {
      const known = Object.keys(SHELLS);
      throw new Failure(
        "usage",
        `unknown shell ${JSON.stringify(shell)}, expected one of ${known.join(", ")}${didYouMean(shell, known)}`,
      );
    }
    const { commandTree } = await import("./command-line/command-tree.ts");
    const [render, root] = await Promise.all([load(), commandTree()]);
    const script = render(root).trimEnd();
    if (terminal.json) await terminal.resultJson({ shell, script: `${script}\n` });
    else await terminal.result(script);
    return 0;
  },
});
