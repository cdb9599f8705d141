import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  framingOf,
  MalformedMessage,
  type MessageHead,
  MessageReader,
} from "../../../src/upload/tanova/message.ts";

interface Collected {
  readonly heads: string[];
  body: string;
  ends: number;
}

function collector(): { reader: MessageReader; seen: Collected } {
  const seen: Collected = { heads: [], body: "", ends: 0 };
  const reader = new MessageReader({
    head: (head: MessageHead) => {
      seen.heads.push(head.startLine);
      return head.startLine.includes(" 100 ") ? "skip" : (framingOf(head.headers) ?? "until-close");
    },
    body: (bytes) => {
      seen.body += Buffer.from(bytes).toString("latin1");
    },
    end: () => {
      seen.ends += 1;
    },
  });
  return { reader, seen };
}

/** Pushes a text cut at the given places; what is left over in the end. */
function feed(reader: MessageReader, text: string, cuts: readonly number[]): string {
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
      const { reader, seen } = collector();
      const left = feed(
        reader,
        `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}${after}`,
        at,
      );
      expect({ ...seen, left }).toEqual({ heads: ["HTTP/1.1 200 OK"], body, ends: 1, left: after });
    }),
  );
});

test("a chunked message, after interim answers, likewise", () => {
  fc.assert(
    fc.property(fc.array(bodies), bodies, cuts, (chunks, after, at) => {
      const { reader, seen } = collector();
      const full = chunks.filter((chunk) => chunk !== "");
      const wire = full.map((chunk) => `${chunk.length.toString(16)};x=y\r\n${chunk}\r\n`).join("");
      const head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
      const left = feed(reader, `${head}${wire}0\r\nTrailer: 1\r\n\r\n${after}`, at);
      const heads = ["HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"];
      expect({ ...seen, left }).toEqual({ heads, body: full.join(""), ends: 1, left: after });
    }),
  );
});

test("without a length the end of the connection is the end of the body", () => {
  const { reader, seen } = collector();
  feed(reader, "HTTP/1.1 200 OK\r\n\r\nall of it", [25]);
  expect([reader.done, reader.close(), reader.done]).toEqual([false, true, true]);
  expect(seen).toEqual({ heads: ["HTTP/1.1 200 OK"], body: "all of it", ends: 1 });
});

test("a connection that ends before the length is reached is no whole message", () => {
  const { reader } = collector();
  feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", []);
  expect(reader.close()).toBe(false);
});

test.each([
  ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
  ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
  ["an unknown encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"],
  ["a line that is no header", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"],
  ["a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
  ["a chunk longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"],
  ["a head without an end", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}`],
])("refused: %s", (_, text) => {
  const { reader } = collector();
  expect(() => feed(reader, text, [])).toThrow(MalformedMessage);
});

test("whatever comes in, only MalformedMessage is thrown", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, at) => {
      const { reader } = collector();
      try {
        feed(
          reader,
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${Buffer.from(bytes).toString("latin1")}`,
          at,
        );
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessage);
      }
    }),
  );
});
