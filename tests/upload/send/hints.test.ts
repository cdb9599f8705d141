import { expect, test } from "bun:test";
import fc from "fast-check";
import { emailHint, jobHint } from "../../../src/upload/send/hints.ts";

test("the job is the parent folder, but for the root and folders that say nothing", () => {
  expect(
    [
      "cv.pdf",
      "Backend/cv.pdf",
      "2025/Backend/cv.pdf",
      "CVs/cv.pdf",
      "Backend/Resumes/cv.pdf",
      "Candidates/cv.pdf",
      "設計者/cv.pdf",
    ].map(jobHint),
  ).toEqual([null, "Backend", "Backend", null, null, null, "設計者"]);
});

test("the address is the first token with an @, where it is one", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["john_doe_john@example.com.pdf", "john@example.com"],
    ["john.doe@example.co.uk.docx", "john.doe@example.co.uk"],
    ["a_b@c_d@example.com.pdf", null],
    ["john_doe.pdf", null],
    ["john_@.pdf", null],
    ["john_x@example.pdf", null],
    ["j_x+tag@mail.example.org_final.txt", "x+tag@mail.example.org"],
    ["j_x..y@example.org.txt", null],
    ["j_x@-example.org.txt", null],
  ];
  expect(table.map(([name]) => [name, emailHint(name)])).toEqual(table.map(([name, hint]) => [name, hint]));
});

test("no name makes it throw, and what it gives is short and holds one @", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      const hint = emailHint(name);
      return hint === null || (hint.length <= 254 && hint.split("@").length === 2 && !/[\s"]/.test(hint));
    }),
  );
});
