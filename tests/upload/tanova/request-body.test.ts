import { expect, test } from "bun:test";
import fc from "fast-check";
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import type { RequestBody } from "../../../src/lib/http/client.ts";
import { escapeName, mimeTypeOf } from "../../../src/upload/tanova/multipart.ts";
import {
  batchBody,
  ContentChanged,
  ContentUnreadable,
  uploadBody,
} from "../../../src/upload/tanova/request-body.ts";
import { boundaryOf, readForm } from "../../../src/upload/sandbox/form-reader.ts";
import { item, sha256 } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";

async function collect(body: RequestBody): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await body.send((bytes) => {
    pieces.push(Buffer.from(bytes));
    return Promise.resolve(true);
  });
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield bytes.subarray(at, at + pieceBytes);
    await Promise.resolve();
  }
}

/** Reads a body back as the sandbox does, in pieces of a size that cuts it anywhere. */
async function readBack(body: RequestBody, pieceBytes: number): ReturnType<typeof readForm> {
  const bytes = await collect(body);
  expect(bytes.length).toBe(body.length);
  return readForm(inPieces(bytes, pieceBytes), boundaryOf(body.contentType) ?? "");
}

const names = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', "\r", "\n", ";", "=", "\\", "名", "é", "💡", " ", "--"),
    fc.string({ unit: "grapheme" }),
  ),
  minLength: 1,
  maxLength: 30,
});
/** %22 and its like in a name read back as what they stand for: the encoding does not tell them apart. */
const readable = names.filter((name) => !/%(22|0D|0A)/.test(name) && name.isWellFormed());
const contents = fc.uint8Array({ minLength: 1, maxLength: 2_000 });

test("an upload reads back: parts in their order, names and contents as they were", async () => {
  await fc.assert(
    fc.asyncProperty(
      readable,
      fc.option(readable),
      fc.option(fc.constant("a@example.com")),
      contents,
      fc.integer({ min: 1, max: 400 }),
      async (filename, jobHint, email, bytes, pieceBytes) => {
        const sent = item(bytes, { filename, jobHint, email });
        const fields: [string, string][] = [["checksum", sent.checksum]];
        if (jobHint !== null) fields.push(["job_hint", jobHint]);
        if (email !== null) fields.push(["email", email]);
        expect(await readBack(uploadBody(sent), pieceBytes)).toEqual({
          fields: new Map(fields),
          files: [{ part: "file", filename, checksum: sent.checksum, sizeBytes: bytes.length }],
          order: [...fields.map(([name]) => name), "file"],
        });
      },
    ),
  );
});

test("a batch reads back: the manifest first, then every content in its order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(readable, contents), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 400 }),
      async (cvs, pieceBytes) => {
        const items = cvs.map(([filename, bytes]) => item(bytes, { filename, jobHint: "Backend" }));
        const manifest = items.map(({ checksum, filename }, index) => ({
          part: `file${index}`,
          checksum,
          filename,
          job_hint: "Backend",
        }));
        expect(await readBack(batchBody(items), pieceBytes)).toEqual({
          fields: new Map([["manifest", JSON.stringify({ items: manifest })]]),
          files: items.map(({ checksum, filename, sizeBytes }, index) => ({
            part: `file${index}`,
            filename,
            checksum,
            sizeBytes,
          })),
          order: ["manifest", ...manifest.map(({ part }) => part)],
        });
      },
    ),
  );
});

test("a content that looks like a delimiter is still a content", async () => {
  const tricky = Buffer.from("\r\n--nodupe-\r\n--\r\r\n\r\n--nodupe");
  const form = await readBack(uploadBody(item(tricky)), 1);
  expect("files" in form && form.files[0]?.checksum).toBe(sha256(tricky));
});

test("a file is read, hashed and sent again for each retry", async () => {
  using folder = tempFolder();
  const path = folder.file("cv.pdf");
  const bytes = Buffer.alloc(700_000, "curriculum ");
  writeFileSync(path, bytes);
  const body = uploadBody(item(bytes, { body: { type: "file", path } }));
  const [first, second] = [await collect(body), await collect(body)];
  expect([first.equals(second), first.length]).toEqual([true, body.length]);
  expect(first.includes(bytes)).toBe(true);
});

test.each([
  ["other bytes of the same length", (path: string) => writeFileSync(path, Buffer.alloc(700_000, "x"))],
  ["cut short", (path: string) => truncateSync(path, 10)],
  ["grown", (path: string) => appendFileSync(path, "more")],
])("a file that changed (%s) is cut before the closing boundary", async (_, change) => {
  using folder = tempFolder();
  const path = folder.file("cv.pdf");
  const bytes = Buffer.alloc(700_000, "curriculum ");
  writeFileSync(path, bytes);
  const body = uploadBody(item(bytes, { body: { type: "file", path } }));
  change(path);
  let sent = Buffer.alloc(0);
  const sending = body.send((piece) => {
    sent = Buffer.concat([sent, piece]);
    return Promise.resolve(true);
  });
  expect(await sending.catch((error: unknown) => error)).toBeInstanceOf(ContentChanged);
  expect(sent.length).toBeLessThan(body.length);
  expect(sent.includes(`--${boundaryOf(body.contentType)}--`)).toBe(false);
});

test("a file that grows while it is sent is not sent whole", async () => {
  using folder = tempFolder();
  const path = folder.file("cv.pdf");
  const bytes = Buffer.alloc(700_000, "curriculum ");
  writeFileSync(path, bytes);
  const body = uploadBody(item(bytes, { body: { type: "file", path } }));
  let pieces = 0;
  const sending = body.send(() => {
    pieces += 1;
    if (pieces === 2) appendFileSync(path, "more");
    return Promise.resolve(true);
  });
  expect(await sending.catch((error: unknown) => error)).toBeInstanceOf(ContentChanged);
});

test("a file that is not there cannot be read", async () => {
  const body = uploadBody(item("x", { body: { type: "file", path: "/nonexistent/cv.pdf" } }));
  expect(await collect(body).catch((error: unknown) => error)).toBeInstanceOf(ContentUnreadable);
});

test("names and types as the API reads them", () => {
  expect(escapeName('a "b"\r\n名.pdf')).toBe("a %22b%22%0D%0A名.pdf");
  expect(["A.PDF", "b.docx", "c.doc", "d.TXT", "e.md", "f"].map(mimeTypeOf)).toEqual([
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/msword",
    "text/plain",
    "text/markdown",
    "application/octet-stream",
  ]);
});
