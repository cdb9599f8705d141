/** What bytes from outside are given to, and what must hold whatever they are. */
export interface FuzzTarget {
  /** Where mutations begin, beside the corpus. */
  readonly seeds: readonly Uint8Array[];
  /** Words of the format. */
  readonly dictionary: readonly string[];
  readonly mostBytes: number;
  /**
   * Takes an input, and tells in a few words what came of it: one whose words were never seen goes into the corpus.
   * @throws where a promise is broken; typed errors of ours are outcomes, and caught.
   */
  run(input: Uint8Array): string | Promise<string>;
  /** Ends what the target has started. */
  end?(): Promise<void>;
}

/** What is opened for a target lives as long as the process that fuzzes it. */
export type MakeTarget = () => FuzzTarget | Promise<FuzzTarget>;

/** @throws Error saying what of a promise does not hold. */
export function mustHold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Does not hold: ${what}`);
}

/** @throws Error where two ways to the same thing differ. */
export function mustEqual(found: unknown, expected: unknown, what: string): void {
  if (!Bun.deepEquals(found, expected, true))
    throw new Error(`${what}: found ${Bun.inspect(found)}, expected ${Bun.inspect(expected)}`);
}

/** A message without what varies from input to input, so that outcomes are few. */
export function shapeOf(message: string): string {
  return message
    .replaceAll(/"[^"]*"|'[^']*'/g, '""')
    .replaceAll(/\d+/g, "N")
    .replaceAll(/[^\x20-\x7e]+/g, "?")
    .slice(0, 80);
}

/** 0, 1, 2, 3-4, 5-8, … as one word. */
export function sizeWord(count: number): string {
  return count <= 0 ? "0" : `${Math.ceil(Math.log2(count))}`;
}

/** Cuts an input into pieces, always at the same places for the same input. */
export function piecesOf(input: Uint8Array): Uint8Array[] {
  let state = Bun.hash.crc32(input) | 1;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < input.length;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const length = 1 + (state >>> 24 < 64 ? 0 : (state >>> 16) % 97);
    pieces.push(input.slice(at, at + length));
    at += length;
  }
  return pieces;
}
