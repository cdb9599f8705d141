import { expect, test } from "bun:test";
import fc from "fast-check";
import { combine } from "../../../src/time/ntp/combine.ts";
import { largestAgreement, majority, type Vote } from "../../../src/time/ntp/select.ts";

function vote(id: string, offsetMs: number, distanceMs: number): Vote {
  return { id, offsetNs: BigInt(offsetMs * 1_000_000), rootDistanceNs: BigInt(distanceMs * 1_000_000) };
}

/** Votes at these offsets (ms), each ±10 ms, named a, b, c… */
function votesAt(...offsetsMs: readonly number[]): Vote[] {
  return offsetsMs.map((offset, index) => vote(String.fromCharCode(97 + index), offset, 10));
}

test("truechimers and falsetickers", () => {
  const table: readonly (readonly [string, readonly Vote[], readonly string[] | null])[] = [
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
    expect([what, majority(votes)?.agreeing ?? null]).toEqual([what, agreeing]);
  }
});

test("where two places tie, only a vote that holds both is followed", () => {
  const votes = [vote("wide", 5, 10), vote("low", 0, 1), vote("high", 9, 1)];
  expect(majority(votes)).toEqual({
    support: 2,
    agreeing: ["wide"],
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

test("the outcome does not depend on the votes' order", () => {
  fc.assert(
    fc.property(anyVotes, fc.func(fc.integer()), (votes, rank) => {
      const shuffled = votes.toSorted((left, right) => rank(left.id) - rank(right.id));
      const sorted = (list: readonly Vote[]): unknown => {
        const found = majority(list);
        return found === null ? null : { ...found, agreeing: found.agreeing.toSorted() };
      };
      expect(sorted(shuffled)).toEqual(sorted(votes));
      expect(combine(shuffled)?.offsetNs).toEqual(combine(votes)?.offsetNs);
    }),
  );
});

test("support is what counting at every edge finds", () => {
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

test("while most tell the truth, whatever the others say, the answer is within its bound", () => {
  const honest = fc.record({
    errorNs: fc.bigInt(-(10n ** 7n), 10n ** 7n),
    slackNs: fc.bigInt(1n, 10n ** 7n),
  });
  fc.assert(
    fc.property(
      fc.array(honest, { minLength: 1, maxLength: 7 }),
      fc.array(anyVote, { maxLength: 6 }),
      (honestOnes, others) => {
        const truth = 123_456_789n;
        const right = honestOnes.map(({ errorNs, slackNs }, index): Vote => {
          const size = errorNs < 0n ? -errorNs : errorNs;
          return { id: `honest ${index}`, offsetNs: truth + errorNs, rootDistanceNs: size + slackNs };
        });
        const liars = others.slice(0, right.length - 1);
        const votes = [...right, ...liars];
        const agreement = majority(votes);
        expect(agreement).not.toBeNull();
        expect((agreement?.lowNs ?? truth) <= truth || (agreement?.support ?? 0) > right.length).toBe(true);
        const trusted = votes.filter(({ id }) => agreement?.agreeing.includes(id) === true);
        if (liars.length > 0) return;
        const answer = combine(trusted);
        const off = (answer?.offsetNs ?? 0n) - truth;
        expect((off < 0n ? -off : off) <= (answer?.errorBoundNs ?? 0n)).toBe(true);
      },
    ),
  );
});

test("survivors are weighed by root distance, and those too uncertain are left out", () => {
  const votes = [vote("near", 0, 1), vote("far", 3, 3), vote("vague", 4, 3.1)];
  const answer = combine(votes);
  expect(answer?.selected).toBe("near");
  expect(answer?.combined).toEqual(["near", "far"]);
  expect(Number(answer?.offsetNs) / 1e6).toBeCloseTo(0.75, 3);
  expect(Number(answer?.errorBoundNs) / 1e6).toBeCloseTo(1.75, 3);
  expect(combine([])).toBeNull();
});
