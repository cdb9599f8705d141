import { expect, test } from "bun:test";
import fc from "fast-check";
import { AnswerReader, MalformedAnswer } from "../../../src/lib/http/answer-reader.ts";

const newReader = (isTunnel = false): AnswerReader => new AnswerReader({ maxBodyBytes: 1_000_000, isTunnel });

/** What a reader has read so far. */
function seenBy(reader: AnswerReader): { status: number | null; body: string; done: boolean } {
  return { status: reader.head?.status ?? null, body: reader.body().toString("latin1"), done: reader.done };
}

/** Pushes a text cut at the given places; returns what is left over at the end. */
function feed(reader: AnswerReader, text: string, cuts: readonly number[]): string {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b);
  let left = "";
  let from = 0;
  for (const to of [...places, text.length]) {
    const rest = reader.push(Buffer.from(text.slice(from, to), "latin1"));
    left += Buffer.from(rest).toString("latin1");
    from = to;
  }
  return left;
}

const bodies = fc.string({ unit: fc.constantFrom("a", "\r", "\n", "0", ";", "é"), maxLength: 200 });
const cuts = fc.array(fc.nat({ max: 1_000 }), { maxLength: 12 });

test("a message with a length reads the same however it is cut, and what follows is left over", () => {
  fc.assert(
    fc.property(bodies, bodies, cuts, (body, after, at) => {
      const reader = newReader();
      const left = feed(
        reader,
        `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}${after}`,
        at,
      );
      expect({ ...seenBy(reader), left }).toEqual({ status: 200, body, done: true, left: after });
    }),
  );
});

test("so does a chunked message after interim answers", () => {
  fc.assert(
    fc.property(fc.array(bodies), bodies, cuts, (chunks, after, at) => {
      const reader = newReader();
      const full = chunks.filter((chunk) => chunk !== "");
      const wire = full.map((chunk) => `${chunk.length.toString(16)};x=y\r\n${chunk}\r\n`).join("");
      const head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
      const left = feed(reader, `${head}${wire}0\r\nTrailer: 1\r\n\r\n${after}`, at);
      expect({ ...seenBy(reader), left }).toEqual({
        status: 200,
        body: full.join(""),
        done: true,
        left: after,
      });
    }),
  );
});

test("without a length the body ends with the connection", () => {
  const reader = newReader();
  feed(reader, "HTTP/1.1 200 OK\r\n\r\nall of it", [25]);
  expect([reader.done, reader.close(), reader.done]).toEqual([false, true, true]);
  expect(seenBy(reader)).toEqual({ status: 200, body: "all of it", done: true });
});

test("if the connection ends before the length is reached, the message is incomplete", () => {
  const reader = newReader();
  feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", []);
  expect(reader.close()).toBe(false);
});

test.each([
  ["HTTP/1.1 204 No Content\r\n\r\n", false],
  ["HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false],
  ["HTTP/1.1 200 Connection established\r\n\r\n", true],
])("no body: %j", (text, isTunnel) => {
  const reader = newReader(isTunnel);
  expect([feed(reader, `${text}next`, []), reader.done]).toEqual(["next", true]);
});

test.each([
  ["HTTP/1.1 200 OK", "", true],
  ["HTTP/1.1 200 OK", "Connection: Close\r\n", false],
  ["HTTP/1.0 200 OK", "Connection: keep-alive\r\n", false],
])("%s %j keeps the connection: %p", (start, headers, keepsAlive) => {
  const reader = newReader();
  feed(reader, `${start}\r\n${headers}Content-Length: 0\r\n\r\n`, []);
  expect(reader.head?.keepsAlive).toBe(keepsAlive);
});

test("a body beyond the limit is refused, and a reader is untouched only before its first byte", () => {
  const reader = new AnswerReader({ maxBodyBytes: 10, isTunnel: false });
  expect(reader.untouched).toBe(true);
  expect(() => feed(reader, "HTTP/1.1 200 OK\r\n\r\nmore than ten", [])).toThrow(MalformedAnswer);
  expect(reader.untouched).toBe(false);
});

test.each([
  ["what is not HTTP", "220 mail.example ESMTP\r\n\r\n"],
  ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
  ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
  ["an unknown encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"],
  ["a line that is no header", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"],
  ["a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
  ["a chunk longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"],
  ["a head without an end", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}`],
])("refused: %s", (_, text) => {
  const reader = newReader();
  expect(() => feed(reader, text, [])).toThrow(MalformedAnswer);
});

test("whatever comes in, only MalformedAnswer is thrown", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, at) => {
      const reader = newReader();
      try {
        feed(
          reader,
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${Buffer.from(bytes).toString("latin1")}`,
          at,
        );
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedAnswer);
      }
    }),
  );
});
