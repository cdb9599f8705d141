import { expect, test } from "bun:test";
import { type Admission, admit } from "../../../src/upload/plan/dedupe.ts";
import type { ContentStanding } from "../../../src/upload/ledger/ledger.ts";

const RUN = 7;
const EARLIER = { sentUptimeMs: 123, sentBoot: "machine/boot", status: 422, reason: "no text" };

function standing(state: ContentStanding["state"], runId = 6): ContentStanding {
  return { ...EARLIER, runId, state };
}

test("the truth table of what work there is", () => {
  const table: readonly (readonly [ContentStanding | null, boolean, boolean, Admission["type"]])[] = [
    [null, true, false, "duplicate"],
    [null, false, false, "send"],
    [standing("pending"), false, false, "send"],
    [standing("sending"), false, false, "look"],
    [standing("done"), false, false, "duplicate"],
    [standing("failed"), false, false, "failed"],
    [standing("failed"), false, true, "send"],
    [standing("pending", RUN), false, false, "duplicate"],
    [standing("sending", RUN), false, false, "duplicate"],
    [standing("done", RUN), false, false, "duplicate"],
    [standing("failed", RUN), false, true, "duplicate"],
    [standing("sending"), true, true, "duplicate"],
  ];
  const admitted = table.map(([content, isInFlight, retryFailed]) =>
    admit(content, { isInFlight, runId: RUN, retryFailed }),
  );
  expect(admitted.map(({ type }) => type)).toEqual(table.map(([, , , type]) => type));
  expect(admitted[3]).toEqual({ type: "look", why: "lost" });
  // It got an answer that said nothing: it is not sent again where the server cannot be asked.
  const unrecognised = admit(
    { ...standing("sending"), status: 204 },
    { isInFlight: false, runId: RUN, retryFailed: false },
  );
  expect(unrecognised).toEqual({ type: "look", why: "unrecognised" });
  expect(admitted[5]).toEqual({ type: "failed", status: 422, reason: "no text" });
});
