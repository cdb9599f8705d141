import { expect, test } from "bun:test";
import { patient } from "../../support/emulation.ts";
import { playFaultMix } from "../../support/upload/fault-mix.ts";

test(
  "whatever gateways, limits and networks answer, with kills between: each content once, none lost, sums right",
  async () => {
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(playFaultMix));
    expect(outcomes.map(({ repeats, lost, wrongSums }) => ({ repeats, lost, wrongSums }))).toEqual(
      outcomes.map(() => ({ repeats: 0, lost: 0, wrongSums: 0 })),
    );
    const met = new Set(outcomes.flatMap(({ faults }) => Object.keys(faults)));
    expect(met.size).toBe(10);
  },
  patient(120_000),
);
