import type { CommandNode, FlagNode } from "../../../src/render/command-tree.ts";

const FLAG: FlagNode = {
  name: "flag",
  short: null,
  placeholder: null,
  help: "",
  repeatable: false,
  choices: [],
  isPath: false,
  negates: false,
  completes: null,
};

const NODE: CommandNode = {
  words: [],
  purpose: "",
  usage: "",
  details: null,
  flags: [],
  settings: [],
  examples: [],
  exitCodes: [],
  choices: [],
  takesArguments: false,
  completes: null,
  children: [],
};

/** A program with four commands, a flag of each kind, and texts that a shell or groff could misread. */
export const SMALL_TREE: CommandNode = {
  ...NODE,
  purpose: "Does little.",
  children: [
    {
      ...NODE,
      words: ["pack"],
      purpose: "Packs what it's given: [all] of it.",
      takesArguments: true,
      flags: [
        { ...FLAG, name: "quiet", short: "q", help: "say nothing" },
        { ...FLAG, name: "format", placeholder: "tar|zip", choices: ["tar", "zip"], help: "how: tar" },
        { ...FLAG, name: "output", short: "o", placeholder: "FILE", isPath: true, help: "where to" },
        { ...FLAG, name: "include", placeholder: "GLOB", repeatable: true, help: "only these (repeatable)" },
      ],
    },
    {
      ...NODE,
      words: ["config"],
      purpose: "Settings.",
      children: [{ ...NODE, words: ["config", "show"], purpose: "Shows them." }],
    },
    {
      ...NODE,
      words: ["weigh"],
      purpose: "Weighs nodes.",
      takesArguments: true,
      completes: "nodes",
      flags: [
        { ...FLAG, name: "against", placeholder: "NODE", completes: "nodes", help: "what to weigh by" },
      ],
    },
    {
      ...NODE,
      words: ["shell"],
      purpose: "Prints a script.",
      choices: ["bash", "zsh"],
      takesArguments: true,
    },
  ],
};
