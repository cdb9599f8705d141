import { writeFileSync } from "node:fs";

/**
 * The fuzzer's current input, in memory mapped from a file and shared with its watcher: the file survives a crash
 * and can be read during an endless loop. Header words: the number of inputs started, the size of this one, the
 * microseconds of the slowest.
 */
const HEAD_BYTES = 16;
const LARGEST_INPUT = 256 * 1024;

export interface SharedInput {
  readonly begun: number;
  readonly slowestUs: number;
  /** A copy. */
  readonly input: Uint8Array;
  begin(input: Uint8Array): void;
  took(microseconds: number): void;
}

export function createSharedInput(path: string): SharedInput {
  writeFileSync(path, new Uint8Array(HEAD_BYTES + LARGEST_INPUT));
  return openSharedInput(path);
}

export function openSharedInput(path: string): SharedInput {
  const bytes = Bun.mmap(path);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, HEAD_BYTES / 4);
  return {
    get begun() {
      return words[0] ?? 0;
    },
    get slowestUs() {
      return words[2] ?? 0;
    },
    get input() {
      return bytes.slice(HEAD_BYTES, HEAD_BYTES + (words[1] ?? 0));
    },
    begin: (input) => {
      bytes.set(input.subarray(0, LARGEST_INPUT), HEAD_BYTES);
      words[1] = Math.min(input.length, LARGEST_INPUT);
      words[0] = (words[0] ?? 0) + 1;
    },
    took: (microseconds) => {
      if (microseconds > (words[2] ?? 0)) words[2] = microseconds;
    },
  };
}
