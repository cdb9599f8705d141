import { z } from "zod";
import type { Contents } from "./contents.ts";
import type { Reply } from "./http-server.ts";
import type { ReceivedForm } from "./form-reader.ts";
import { json, refusal } from "./replies.ts";

/** What a form asks to be stored, or why it is refused. */
export type Intake =
  | { readonly type: "one"; readonly checksum: string }
  | { readonly type: "batch"; readonly items: readonly IntakeItem[] }
  | { readonly type: "refused"; readonly reply: Reply };

interface IntakeItem {
  readonly checksum: string;
  /** Why it is not stored; null if it is fine. */
  readonly fault: string | null;
}

export interface BatchLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

const ONE_ORDER = ["checksum", "job_hint", "email", "file"];

const Manifest = z.object({
  items: z
    .array(
      z.object({
        part: z.string(),
        checksum: z.string().regex(/^[0-9a-f]{64}$/),
        filename: z.string().min(1),
        job_hint: z.string().optional(),
        email: z.string().optional(),
      }),
    )
    .min(1),
});

function refused(message: string, status = 400): Intake {
  return { type: "refused", reply: refusal(status, message) };
}

export function readOne(form: ReceivedForm | { readonly fault: string }): Intake {
  if ("fault" in form) return refused(form.fault);
  const [file] = form.files;
  const checksum = form.fields.get("checksum");
  const expected = ONE_ORDER.filter((name) => form.order.includes(name));
  if (file === undefined || checksum === undefined || form.order.join() !== expected.join()) {
    return refused(`expected the parts ${ONE_ORDER.join(", ")} in this order, got ${form.order.join(", ")}`);
  }
  if (file.sizeBytes === 0) return refused("the file is empty");
  if (file.checksum !== checksum) return refused("the file does not have the checksum that came with it");
  return { type: "one", checksum };
}

export function readBatch(form: ReceivedForm | { readonly fault: string }, limits: BatchLimits): Intake {
  if ("fault" in form) return refused(form.fault);
  if (form.order[0] !== "manifest") return refused("the first part is not the manifest");
  let manifest: unknown;
  try {
    manifest = JSON.parse(form.fields.get("manifest") ?? "");
  } catch {
    return refused("the manifest is not JSON");
  }
  const parsed = Manifest.safeParse(manifest);
  if (!parsed.success) return refused("the manifest is not {items: [{part, checksum, filename}]}");
  const { items } = parsed.data;
  const bytes = form.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (items.length > limits.maxItems || bytes > limits.maxBytes)
    return refused("the batch is too large", 413);
  const files = new Map(form.files.map((file) => [file.part, file]));
  return {
    type: "batch",
    items: items.map(({ part, checksum }) => {
      const file = files.get(part);
      if (file === undefined) return { checksum, fault: "its part is missing" };
      if (file.sizeBytes === 0) return { checksum, fault: "the file is empty" };
      const fault = file.checksum === checksum ? null : "the file does not have the checksum in the manifest";
      return { checksum, fault };
    }),
  };
}

function candidateId(checksum: string): string {
  return `sandbox-${checksum.slice(0, 12)}`;
}

/** The reply with the result for each item of an intake; `known` are those that were there before. */
export function replyTo(intake: Intake, known: ReadonlySet<string>, statusCreated: 200 | 201): Reply {
  switch (intake.type) {
    case "refused":
      return intake.reply;
    case "one":
      return known.has(intake.checksum)
        ? refusal(409, "this CV is known already")
        : json(statusCreated, { success: true, candidateId: candidateId(intake.checksum) });
    case "batch": {
      const results = intake.items.map(({ checksum, fault }) => {
        if (fault !== null) return { checksum, status: 400, message: fault };
        if (known.has(checksum)) return { checksum, status: 409, message: "this CV is known already" };
        return { checksum, status: statusCreated, candidateId: candidateId(checksum) };
      });
      return json(results.every(({ status }) => status === statusCreated) ? 200 : 207, { results });
    }
  }
}

/** The checksums that an intake stores. */
export function acceptedOf(intake: Intake): readonly string[] {
  if (intake.type === "one") return [intake.checksum];
  if (intake.type === "refused") return [];
  return intake.items.filter(({ fault }) => fault === null).map(({ checksum }) => checksum);
}

/** Answers the two forms of a check. */
export function checkReply(question: unknown, contents: Contents): Reply {
  const one = z.object({ checksum: z.string() }).safeParse(question);
  if (!one.success) return refusal(400, "expected {checksum}");
  const exists = contents.has(one.data.checksum);
  return json(200, exists ? { exists, candidateName: "Somebody Known" } : { exists });
}

export function bulkCheckReply(question: unknown, contents: Contents, maxItems: number): Reply {
  const many = z.object({ checksums: z.array(z.string()).max(maxItems) }).safeParse(question);
  if (!many.success) return refusal(400, `expected {checksums: [at most ${maxItems}]}`);
  return json(200, { exists: many.data.checksums.filter((checksum) => contents.has(checksum)) });
}
