import { expect, test } from "bun:test";
import fc from "fast-check";
import type { FileStatus } from "../../../src/lib/file-status.ts";
import {
  IDENTITY_WORDS,
  isEmptyIn,
  keepIdentity,
  putStatus,
  statusIn,
  statxBuffer,
  takeIdentity,
} from "../../../src/lib/ffi/statx.ts";

const us = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
const exact = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** As glibc puts a device together: 12 bits of 32 and 20 of 32 are in the low word. */
const statuses: fc.Arbitrary<FileStatus> = fc.record({
  type: fc.constant("file" as const),
  sizeBytes: exact,
  mtimeUs: us,
  ctimeUs: us,
  inode: fc.oneof(exact, fc.constant(2 ** 63 + 4_096)),
  device: exact,
});

test("what another way than statx tells is read as statx would have told it, before 1970 too; and kept and taken back", () => {
  fc.assert(
    fc.property(statuses, (status) => {
      const told = statxBuffer();
      putStatus(told, status, 0o100644);
      expect(statusIn(told)).toEqual(status);
      expect(isEmptyIn(told)).toBe(status.sizeBytes === 0);
      const many = new Uint32Array(3 * IDENTITY_WORDS);
      keepIdentity(told, many, IDENTITY_WORDS);
      const back = statxBuffer();
      takeIdentity(many, IDENTITY_WORDS, back);
      expect({ ...statusIn(back), type: "file" }).toEqual(status);
      expect([...many.subarray(0, IDENTITY_WORDS), ...many.subarray(2 * IDENTITY_WORDS)]).toEqual(
        Array.from({ length: 2 * IDENTITY_WORDS }, () => 0),
      );
    }),
  );
});
