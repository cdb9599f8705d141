import { writeFileSync } from "node:fs";
import { runCommand } from "../run.ts";
import type { TempFolder } from "../temp.ts";

/** What a shell offers for a command line that ends at the cursor, sorted. */
export type Complete = (line: string) => Promise<readonly string[]>;

/** Where a script finds nodupe, and where nodupe finds its store. */
type Environment = Readonly<Record<string, string>>;

function lines(text: string): string[] {
  return [...new Set(text.split(/\r?\n/).filter((line) => line !== ""))].toSorted();
}

/** bash splits words at spaces and at `=` before it asks for completions. */
export function inBash(script: string, folder: TempFolder, env: Environment = {}): Complete {
  writeFileSync(folder.file("nodupe.bash"), script);
  return async (line) => {
    const words = line.split(/ |(=)/).filter((word) => word !== undefined);
    const ask = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nodupe; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const command = ["bash", "--norc", "-c", ask, "bash", folder.file("nodupe.bash"), ...words];
    const run = await runCommand(command, { cwd: folder.path, env });
    if (run.stderr !== "") throw new Error(run.stderr);
    return lines(run.stdout);
  };
}

export function inFish(script: string, folder: TempFolder, env: Environment = {}): Complete {
  writeFileSync(folder.file("nodupe.fish"), script);
  return async (line) => {
    const command = [
      "fish",
      "--no-config",
      "-c",
      `source $argv[1]; complete -C $argv[2]`,
      folder.file("nodupe.fish"),
      line,
    ];
    const run = await runCommand(command, { cwd: folder.path, env: { HOME: folder.path, ...env } });
    if (run.stderr !== "") throw new Error(run.stderr);
    return lines(run.stdout.replaceAll(/\t.*$/gm, ""));
  };
}

// zsh completes only in its line editor: runs a shell on a pseudo-terminal whose compadd prints its arguments.
const ZSH_DRIVER = `
zmodload zsh/zpty || exit 1
zpty z zsh -f -i
zpty -w z 'PROMPT=; fpath=('$1' $fpath); autoload -Uz compinit; compinit -C -d '$1'/dump; source '$1/setup.zsh
zpty -r z answer '*ready*'
zpty -n -w z "$2"$'\\t'
while zpty -r z answer; do print -r -- "$answer"; done
zpty -d z
`;

const ZSH_SETUP = `
compadd() {
  if [[ " \${(j: :)@[1,(i)(-|--)]} " == *' -'[OAD]' '* ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits
  builtin compadd -A hits "$@"
  local hit
  for hit in $hits; do print -r -- "HIT:$hit"; done
}
finish() { print END; exit }
comppostfuncs=(finish)
bindkey '^I' complete-word
stty -echo
print re''ady
`;

export function inZsh(script: string, folder: TempFolder, env: Environment = {}): Complete {
  writeFileSync(folder.file("_nodupe"), script);
  writeFileSync(folder.file("setup.zsh"), ZSH_SETUP);
  return async (line) => {
    const run = await runCommand(["zsh", "-f", "-c", ZSH_DRIVER, "zsh", folder.path, line], {
      cwd: folder.path,
      env: { HOME: folder.path, TERM: "dumb", ...env },
    });
    const hits = [...run.stdout.matchAll(/HIT:([^\r\n]*)/g)].map((match) => match[1] ?? "");
    if (hits.length === 0 && !run.stdout.includes("END"))
      throw new Error(`zsh said: ${run.stdout}${run.stderr}`);
    return lines(hits.join("\n"));
  };
}
