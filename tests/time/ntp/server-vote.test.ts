import { expect, test } from "bun:test";
import fc from "fast-check";
import { Association } from "../../../src/time/net/nts/association.ts";
import { Peer } from "../../../src/time/ntp/peer.ts";
import { highOf, lowOf, overlap, type Vote } from "../../../src/time/ntp/select.ts";
import { shareVotes, type Standing } from "../../../src/time/ntp/server-vote.ts";

const OPTIONS = { samples: 1, buildTimeS: 0, precisionNs: 1n, maxRootDistanceNs: 1n };

/** Where a server sends its clients: a name, and the address that answered. */
interface Where {
  readonly name: string;
  readonly address: number;
}

function standing(server: string, where: Where | null, interval: readonly [number, number] | null): Standing {
  const association =
    where === null
      ? undefined
      : new Association(
          {
            aead: 15,
            c2s: new Uint8Array(32),
            s2c: new Uint8Array(32),
            ntp: { host: where.name, port: 123 },
            notBeforeMs: 0,
            notAfterMs: 1,
          },
          { isValidNow: true, kept: null, cookies: [], random: (bytes) => new Uint8Array(bytes) },
        );
  const endpoint = { address: `192.0.2.${where?.address ?? 1}`, family: 4, port: 123 } as const;
  const target = { server, host: server, endpoint, expectedDelayNs: null };
  const speaker = new Peer(association === undefined ? target : { ...target, association }, OPTIONS);
  const [offset, distance] = interval ?? [0, 0];
  const vote = { id: server, offsetNs: BigInt(offset), rootDistanceNs: BigInt(distance) };
  const isSilent = interval === null;
  return {
    server,
    vote: isSilent ? null : vote,
    speaker: isSilent ? null : speaker,
    sharesVoteOf: null,
    isPending: isSilent,
    isSampling: false,
  };
}

const votesOf = (standings: readonly Standing[]): readonly Vote[] =>
  standings.flatMap(({ vote }) => vote ?? []);

test("one server, named by name or by address, has one vote, which covers both claims", () => {
  const alike: readonly (readonly [Where, Where])[] = [
    [
      { name: "ntp.example", address: 1 },
      { name: "ntp.example", address: 2 },
    ],
    [
      { name: "ntp.example", address: 1 },
      { name: "192.0.2.1", address: 1 },
    ],
  ];
  for (const [left, right] of alike) {
    const shared = shareVotes([standing("a", left, [0, 10]), standing("b", right, [15, 10])]);
    expect(votesOf(shared)).toEqual([{ id: "a", offsetNs: 7n, rootDistanceNs: 18n }]);
    expect(shared.map(({ sharesVoteOf, isPending }) => [sharesVoteOf, isPending])).toEqual([
      [null, false],
      ["a", false],
    ]);
  }
});

test("contradicting votes, plain NTP and other servers keep their own votes", () => {
  const here = { name: "ntp.example", address: 1 };
  const apart = [standing("a", here, [0, 10]), standing("b", here, [21, 10])];
  expect(shareVotes(apart)).toEqual(apart);
  const plain = [standing("a", null, [0, 10]), standing("b", null, [0, 10])];
  expect(shareVotes(plain)).toEqual(plain);
  const others = [
    standing("a", here, [0, 10]),
    standing("b", { name: "other.example", address: 2 }, [0, 10]),
  ];
  expect(shareVotes(others)).toEqual(others);
});

test("however liars name the servers of honest ones, a merged vote that includes an honest one contains the truth", () => {
  const where = fc.record({ name: fc.constantFrom("x", "y", "z"), address: fc.integer({ min: 1, max: 3 }) });
  const honest = fc
    .tuple(where, fc.integer({ min: 0, max: 50 }), fc.integer({ min: -50, max: 50 }))
    .map(([place, slack, offset]) => ({
      place,
      isHonest: true,
      interval: [offset, Math.abs(offset) + slack] as const,
    }));
  const liar = fc
    .tuple(where, fc.integer({ min: -200, max: 200 }), fc.integer({ min: 0, max: 200 }))
    .map(([place, offset, distance]) => ({ place, isHonest: false, interval: [offset, distance] as const }));
  fc.assert(
    fc.property(fc.array(fc.oneof(honest, liar), { maxLength: 9 }), (servers) => {
      const standings = servers.map(({ place, interval }, index) => standing(`s${index}`, place, interval));
      const shared = shareVotes(standings);
      expect(shared).toHaveLength(standings.length);
      const covered = (index: number): Vote => {
        const own = shared[index];
        const id = own?.sharesVoteOf ?? own?.server;
        const found = shared.find(({ server }) => server === id)?.vote;
        if (found === null || found === undefined) throw new Error("a server lost its vote");
        return found;
      };
      for (const [index, { isHonest }] of servers.entries()) {
        const vote = covered(index);
        const own = standings[index]?.vote;
        if (own === null || own === undefined) throw new Error("a server has no vote");
        expect(lowOf(vote) <= lowOf(own) && highOf(vote) >= highOf(own)).toBe(true);
        if (isHonest) expect(lowOf(vote) <= 0n && highOf(vote) >= 0n).toBe(true);
      }
      // No vote is merged with one that it contradicts.
      for (const { sharesVoteOf, server } of shared) {
        if (sharesVoteOf === null) continue;
        const own = standings.find((each) => each.server === server)?.vote;
        const first = shared.find((each) => each.server === sharesVoteOf)?.vote;
        expect(
          own !== null && own !== undefined && first !== null && first !== undefined && overlap(own, first),
        ).toBe(true);
      }
    }),
    { numRuns: 3_000 },
  );
});
