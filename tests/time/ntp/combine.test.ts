import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Combination, combine, pointsInAtLeast } from "../../../src/time/ntp/combine.ts";
import { majority, type Vote } from "../../../src/time/ntp/select.ts";

function vote(id: string, offsetMs: number, distanceMs: number): Vote {
  return {
    id,
    offsetNs: BigInt(Math.round(offsetMs * 1e6)),
    rootDistanceNs: BigInt(Math.round(distanceMs * 1e6)),
  };
}

/** The combination of these votes, of `asked` servers (by default all answered). */
function combined(votes: readonly Vote[], asked: number = votes.length): Combination {
  const agreement = majority(votes);
  if (agreement === null) throw new Error("no majority");
  return combine(agreement, { asked, answered: votes.length });
}

function inMs({ offsetNs, errorBoundNs }: Combination): readonly [number, number] {
  return [Number(offsetNs) / 1e6, Number(errorBoundNs) / 1e6];
}

test("one liar of five that claims ±0 at the edge of the others affects neither answer nor bound", () => {
  const honest = [vote("a", 0.1, 30), vote("b", -0.2, 30), vote("c", 0.3, 30), vote("d", 0.2, 30)];
  const { offsetNs, errorBoundNs, tolerance } = combined([...honest, vote("liar", 25, 0)]);
  expect([Number(offsetNs) / 1e6, tolerance]).toEqual([0.3, { liars: 2, of: "asked" }]);
  // Three of the five must be right: 30 ms, less the distance between the honest ones.
  expect(Number(errorBoundNs) / 1e6).toBeWithin(29, 31);
});

test("two liars that claim ±0 inside an honest interval do not make the bound zero; more answers narrow it", () => {
  const liars = [vote("x", 19, 0), vote("y", 19, 0)];
  const first = combined([...liars, vote("a", 0, 20)], 5);
  expect(inMs(first)).toEqual([19, 39]);
  const all = combined([...liars, vote("a", 0, 20), vote("b", -4, 25), vote("c", 15, 20)], 5);
  expect(inMs(all)).toEqual([19, 24]);
});

test("the number of liars tolerated is reported: one of one, two of two, and a few among dead servers", () => {
  expect(combined([vote("a", 3, 2)])).toEqual({
    selected: "a",
    offsetNs: 3_000_000n,
    errorBoundNs: 2_000_000n,
    tolerance: { liars: 0, of: "asked" },
    isFirm: true,
  });
  // Either both are right, or the right ones are not a majority: the truth is where they overlap.
  expect(inMs(combined([vote("a", 0, 2), vote("b", 2, 2)]))).toEqual([1, 1]);
  expect(combined([vote("a", 0, 2), vote("b", 2, 2)], 8).tolerance).toEqual({ liars: 0, of: "answered" });
  const four = ["a", "b", "c", "d"].map((id) => vote(id, 0, 2));
  expect(combined(four, 8).tolerance).toEqual({ liars: 3, of: "asked" });
  expect(inMs(combined(four, 8))).toEqual([0, 2]);
});

test("a precise server among vague ones has more weight, but no more than all others together", () => {
  const vague = [vote("a", -8, 20), vote("b", -5, 20), vote("c", 7, 20), vote("d", 9, 20)];
  expect(combined([...vague, vote("lan", 0.1, 0.2)]).selected).toBe("lan");
  expect(Number(combined([...vague, vote("lan", 12, 0.2)]).offsetNs) / 1e6).toBeLessThanOrEqual(9);
});

test("if all that agree are just enough, an answer is firm only if none of them could have moved it", () => {
  const close = [vote("a", 0, 20), vote("b", 1, 20), vote("c", 2, 20)];
  expect(combined(close, 5).isFirm).toBe(true);
  // The median is outside c: either c lies, or a and b do.
  const torn = [vote("a", 0, 20), vote("b", 1, 20), vote("c", 19, 0.1)];
  expect(combined(torn, 5).isFirm).toBe(false);
  expect(combined([...torn, vote("d", 1, 20)], 5).isFirm).toBe(true);
  expect(combined(torn, 3).isFirm).toBe(true);
});

test("the points covered by at least a given number of votes that share a point form one interval", () => {
  const votes = [vote("a", 0, 10), vote("b", 4, 10), vote("c", 8, 10)];
  const points = (depth: number): unknown => {
    const { lowNs, highNs } = pointsInAtLeast(votes, depth);
    return [Number(lowNs) / 1e6, Number(highNs) / 1e6];
  };
  expect([points(1), points(2), points(3)]).toEqual([
    [-10, 18],
    [-6, 14],
    [-2, 10],
  ]);
});

const honest = fc.record({
  errorNs: fc.bigInt(-(10n ** 7n), 10n ** 7n),
  slackNs: fc.oneof(fc.constant(0n), fc.bigInt(0n, 10n ** 7n)),
});
/** Anywhere, and often at the edges of honest intervals. */
const lie = fc.record({
  offsetNs: fc.oneof(fc.bigInt(-(3n * 10n ** 7n), 3n * 10n ** 7n), fc.bigInt(-(10n ** 12n), 10n ** 12n)),
  rootDistanceNs: fc.oneof(fc.constant(0n), fc.bigInt(0n, 10n ** 5n), fc.bigInt(0n, 10n ** 10n)),
});
const TRUTH = 123_456_789n;

/** Honest votes that contain the truth, and fewer liars than honest votes. */
const sets = fc
  .array(honest, { minLength: 1, maxLength: 9 })
  .chain((right) =>
    fc.record({
      right: fc.constant(right),
      wrong: fc.array(lie, { maxLength: right.length - 1 }),
      dead: fc.nat({ max: 4 }),
    }),
  )
  .map(({ right, wrong, dead }) => {
    const honestVotes = right.map(({ errorNs, slackNs }, index): Vote => {
      const size = errorNs < 0n ? -errorNs : errorNs;
      return { id: `honest ${index}`, offsetNs: TRUTH + errorNs, rootDistanceNs: size + slackNs };
    });
    const liars = wrong.map((each, index): Vote => {
      return { ...each, id: `liar ${index}`, offsetNs: TRUTH + each.offsetNs };
    });
    return { honestVotes, liars, dead };
  });

const magnitude = (ns: bigint): bigint => (ns < 0n ? -ns : ns);

test("whatever a minority of those that answered claims, the truth is within the bound", () => {
  fc.assert(
    fc.property(sets, ({ honestVotes, liars, dead }) => {
      const votes = [...liars, ...honestVotes];
      const { offsetNs, errorBoundNs } = combined(votes, votes.length + dead);
      expect(magnitude(offsetNs - TRUTH) <= errorBoundNs).toBe(true);
      const isInHonest = honestVotes.some(
        (each) => magnitude(each.offsetNs - offsetNs) <= each.rootDistanceNs,
      );
      expect(isInHonest).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test("one liar of five or more leaves the answer between the offsets of the honest ones", () => {
  fc.assert(
    fc.property(fc.array(honest, { minLength: 4, maxLength: 8 }), lie, (right, wrong) => {
      const votes = right.map(({ errorNs, slackNs }, index): Vote => {
        return { id: `${index}`, offsetNs: TRUTH + errorNs, rootDistanceNs: magnitude(errorNs) + slackNs };
      });
      const liar: Vote = { ...wrong, id: "liar", offsetNs: TRUTH + wrong.offsetNs };
      const { offsetNs } = combined([liar, ...votes]);
      expect(votes.some((each) => each.offsetNs <= offsetNs)).toBe(true);
      expect(votes.some((each) => each.offsetNs >= offsetNs)).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test("the answer does not depend on the order of votes", () => {
  fc.assert(
    fc.property(sets, fc.func(fc.integer()), ({ honestVotes, liars }, rank) => {
      const votes = [...honestVotes, ...liars];
      const shuffled = votes.toSorted((left, right) => rank(left.id) - rank(right.id));
      expect(combined(shuffled)).toEqual(combined(votes));
    }),
  );
});
