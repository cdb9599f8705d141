import { expect, test } from "bun:test";
import fc from "fast-check";
import { largestAgreement, majority, type Vote } from "../../../src/time/ntp/select.ts";

function vote(id: string, offsetMs: number, distanceMs: number): Vote {
  return { id, offsetNs: BigInt(offsetMs * 1_000_000), rootDistanceNs: BigInt(distanceMs * 1_000_000) };
}

/** Votes at these offsets (ms), each ±10 ms, named a, b, c… */
function votesAt(...offsetsMs: readonly number[]): Vote[] {
  return offsetsMs.map((offset, index) => vote(String.fromCharCode(97 + index), offset, 10));
}

test("truechimers and falsetickers", () => {
  const table: readonly (readonly [string, readonly Vote[], string[] | null])[] = [
    ["one alone", votesAt(5), ["a"]],
    ["two that agree", votesAt(0, 5), ["a", "b"]],
    ["two that do not", votesAt(0, 900), null],
    ["one liar of three", votesAt(0, 900, 3), ["a", "c"]],
    ["one liar of seven", votesAt(0, 1, 2, 3, 4, 5, 900), ["a", "b", "c", "d", "e", "f"]],
    ["two liars of seven", votesAt(900, 0, 1, 2, 3, 4, 901), ["b", "c", "d", "e", "f"]],
    ["three liars of seven that agree", votesAt(900, 901, 902, 0, 1, 2, 3), ["d", "e", "f", "g"]],
    ["three liars of seven, each its own", votesAt(900, -900, 5_000, 0, 1, 2, 3), ["d", "e", "f", "g"]],
    ["two against two", votesAt(0, 1, 900, 901), null],
    ["four that all differ", votesAt(0, 100, 200, 300), null],
    ["intervals that touch agree", votesAt(0, 20), ["a", "b"]],
    ["none", [], null],
  ];
  for (const [what, votes, agreeing] of table) {
    expect([what, majority(votes)?.agreeing.map(({ id }) => id) ?? null]).toEqual([what, agreeing]);
  }
});

test("if two places tie, only a vote that contains both is followed", () => {
  const votes = [vote("wide", 5, 10), vote("low", 0, 1), vote("high", 9, 1)];
  expect(majority(votes) as unknown).toEqual({
    support: 2,
    agreeing: [votes[0]],
    lowNs: -1_000_000n,
    highNs: 10_000_000n,
  });
});

const anyVote = fc.record({
  id: fc.uuid(),
  offsetNs: fc.bigInt(-(10n ** 12n), 10n ** 12n),
  rootDistanceNs: fc.bigInt(1n, 10n ** 11n),
});
const anyVotes = fc.uniqueArray(anyVote, { selector: ({ id }) => id, maxLength: 12 });

test("the outcome does not depend on the order of votes", () => {
  fc.assert(
    fc.property(anyVotes, fc.func(fc.integer()), (votes, rank) => {
      const shuffled = votes.toSorted((left, right) => rank(left.id) - rank(right.id));
      const sorted = (list: readonly Vote[]): unknown => {
        const found = majority(list);
        return found === null ? null : { ...found, agreeing: found.agreeing.map(({ id }) => id).toSorted() };
      };
      expect(sorted(shuffled)).toEqual(sorted(votes));
    }),
  );
});

test("support equals the result of counting at every edge", () => {
  fc.assert(
    fc.property(anyVotes, (votes) => {
      const edges = votes.flatMap((each) => [
        each.offsetNs - each.rootDistanceNs,
        each.offsetNs + each.rootDistanceNs,
      ]);
      const depth = (at: bigint): number =>
        votes.filter(
          (each) => each.offsetNs - each.rootDistanceNs <= at && at <= each.offsetNs + each.rootDistanceNs,
        ).length;
      expect(largestAgreement(votes)?.support ?? 0).toBe(Math.max(0, ...edges.map(depth)));
    }),
  );
});
