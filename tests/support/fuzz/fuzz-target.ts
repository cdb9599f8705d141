/** Code that reads bytes from outside, and what must hold whatever the bytes are. */
export interface FuzzTarget {
  /** Inputs to start mutations from, besides the corpus. */
  readonly seeds: readonly Uint8Array[];
  /** Words of the format. */
  readonly dictionary: readonly string[];
  readonly mostBytes: number;
  /**
   * Processes an input and describes the outcome in a few words; an input with a new outcome goes into the corpus.
   * @throws if a promise is broken; our own typed errors are outcomes and are caught.
   */
  run(input: Uint8Array): string | Promise<string>;
  /** Stops what the target has started. */
  end?(): Promise<void>;
}

/** Resources opened for a target live as long as the process that fuzzes it. */
export type MakeTarget = () => FuzzTarget | Promise<FuzzTarget>;

/** @throws Error naming the promise that does not hold. */
export function mustHold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Does not hold: ${what}`);
}

/** @throws Error if two ways of computing the same thing differ. */
export function mustEqual(found: unknown, expected: unknown, what: string): void {
  if (!Bun.deepEquals(found, expected, true))
    throw new Error(`${what}: found ${Bun.inspect(found)}, expected ${Bun.inspect(expected)}`);
}

/** A message without the parts that vary between inputs, so that there are few outcomes. */
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

/** Splits an input into pieces, always at the same places for the same input. */
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
