import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Inputs of a target by outcome: the shortest known input for each. */
export type Corpus = Map<string, Uint8Array>;

const CORPUS_FOLDER = join(import.meta.dir, "../../fixtures/corpus");
/** Limits on what is kept in the repository. */
const MOST_INPUTS = 80;
const MOST_INPUT_BYTES = 2_048;

function pathOf(target: string): string {
  return join(CORPUS_FOLDER, `${target}.txt`);
}

/** A target's corpus file: one line per input, with its outcome, a tab, and its bytes in base64. */
export function readCorpus(target: string): Corpus {
  if (!existsSync(pathOf(target))) return new Map();
  const lines = readFileSync(pathOf(target), "utf8").split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [outcome = "", base64 = ""] = line.split("\t");
      return [outcome, new Uint8Array(Buffer.from(base64, "base64"))];
    }),
  );
}

/** Keeps an input if its outcome is new. */
export function addToCorpus(corpus: Corpus, outcome: string, input: Uint8Array): void {
  if (corpus.has(outcome) || corpus.size >= MOST_INPUTS || input.length > MOST_INPUT_BYTES) return;
  corpus.set(outcome, input.slice());
}

export function writeCorpus(target: string, corpus: Corpus): void {
  const lines = [...corpus].map(
    ([outcome, input]) => `${outcome}\t${Buffer.from(input).toString("base64")}\n`,
  );
  writeFileSync(pathOf(target), lines.toSorted().join(""));
}
