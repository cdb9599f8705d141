import { AnswerReader, MalformedAnswer } from "../../../../src/lib/http/answer-reader.ts";
import { decodeContent } from "../../../../src/lib/http/content-encoding.ts";
import { batchOutcome } from "../../../../src/upload/tanova/batch.ts";
import { healthOutcome } from "../../../../src/upload/tanova/health.ts";
import { checkOutcome, uploadOutcome } from "../../../../src/upload/tanova/interpret.ts";
import { type FuzzTarget, mustEqual, mustHold, piecesOf, shapeOf } from "../fuzz-target.ts";

const KEY = "tanova_sk_0123456789abcdef";
const MOST_BODY = 65_536;
const CHECKSUM = "ab".repeat(32);

/** The headers that anything asks for. */
const NAMES = [
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "location",
  "retry-after",
  "transfer-encoding",
];

interface Read {
  readonly end: string;
  readonly status: number | null;
  readonly headers: ReadonlyMap<string, string>;
  readonly keepsAlive: boolean | null;
  readonly body: string;
}

function read(pieces: readonly Uint8Array[], isTunnel: boolean): Read {
  const reader = new AnswerReader({ maxBodyBytes: MOST_BODY, isTunnel });
  let end = "open";
  try {
    let left = 0;
    for (const piece of pieces) left += reader.push(piece).length;
    end = reader.done ? `done, ${left} bytes left over` : reader.close() ? "done by the close" : "cut";
  } catch (error) {
    if (!(error instanceof MalformedAnswer)) throw error;
    end = error.message;
  }
  const { head } = reader;
  return {
    end,
    status: head?.status ?? null,
    headers: new Map(
      NAMES.flatMap((name) => {
        const value = head?.headers.get(name);
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
    keepsAlive: head?.keepsAlive ?? null,
    body: reader.body().toString("latin1"),
  };
}

/**
 * The API client's interpretations of an answer, each one line without the key, never claiming more than the
 * answer says.
 */
function meaningsOf({ status, headers, body }: Read): string {
  const bytes = decodeContent(Buffer.from(body, "latin1"), headers.get("content-encoding"), MOST_BODY);
  const undecoded = bytes === null ? (headers.get("content-encoding") ?? "") : null;
  const answer = {
    status: status ?? 0,
    headers,
    text: (bytes ?? Buffer.alloc(0)).toString("utf8"),
    undecoded,
  };
  mustHold((bytes?.length ?? 0) <= MOST_BODY, "a decoded body is bounded");
  const exchange = { type: "answer", answer, whole: true } as const;
  const outcomes = [
    uploadOutcome(exchange, KEY, 0),
    checkOutcome(exchange, KEY, 0),
    healthOutcome(exchange, KEY, 0),
    batchOutcome(exchange, new Set([CHECKSUM]), KEY, 0),
  ];
  for (const outcome of outcomes) {
    if (typeof outcome === "string" || !("reason" in outcome)) continue;
    mustHold(!outcome.reason.includes(KEY), "no reason holds the key");
    mustHold(!/\p{Cc}/u.test(outcome.reason), "a reason is one line");
    mustHold(outcome.reason.length < 1_000, "a reason is short");
  }
  const [upload] = outcomes;
  if (typeof upload === "object" && upload?.type === "stored")
    mustHold(status === 200 || status === 201, "stored is 200 or 201");
  return outcomes.map((outcome) => (typeof outcome === "string" ? outcome : outcome.type)).join(" ");
}

/** An answer means the same however the network splits it, and its meaning is one of the possible outcomes. */
export function httpAnswers(): FuzzTarget {
  const answer = (head: string, body = "", more = ""): string => `HTTP/1.1 ${head}\r\n${more}\r\n${body}`;
  const json = (status: string, body: string): string =>
    answer(status, body, `content-type: application/json\r\ncontent-length: ${body.length}\r\n`);
  const gzip = Buffer.from(Bun.gzipSync(Buffer.from('{"success":true,"candidateId":"1"}'))).toString(
    "latin1",
  );
  const seeds = [
    json("200 OK", '{"success":true,"candidateId":"c-1"}'),
    json("201 Created", '{"candidateId":12}'),
    json("409 Conflict", '{"message":"duplicate"}'),
    json("429 Too Many", `{"message":"slow down ${KEY}"}`).replace("\r\n\r\n", "\r\nretry-after: 3\r\n\r\n"),
    json("200 OK", '{"exists":true,"candidateName":"X"}'),
    json(
      "200 OK",
      '{"success":true,"authenticated":true,"agency":"a","permissions":{"canUpload":true},"capabilities":{"batch":{"path":"/b","maxItems":9,"maxBytes":9}}}',
    ),
    json("207 Multi", `{"results":[{"checksum":"${CHECKSUM}","status":201,"candidateId":"x"}]}`),
    answer("200 OK", "5\r\nhello\r\n0\r\n\r\n", "transfer-encoding: chunked\r\n"),
    answer(
      "200 OK",
      "5;ext=1\r\nhello\r\n0\r\ntrailer: x\r\n\r\n",
      "Transfer-Encoding: chunked\r\nConnection: close\r\n",
    ),
    answer("502 Bad Gateway", "<html><title>502 \u0007</title>"),
    `HTTP/1.1 100 Continue\r\n\r\n${answer("204 No Content")}`,
    answer("301 Moved", "", "location: https://u:p@example.org/x?key=1\r\n"),
    answer("200 OK", gzip, `content-encoding: gzip\r\ncontent-length: ${gzip.length}\r\n`),
    "HTTP/1.0 200 OK\r\n\r\nuntil the close",
  ];
  return {
    seeds: seeds.map((text) => new Uint8Array(Buffer.from(text, "latin1"))),
    dictionary: [
      "\r\n",
      "\r\n\r\n",
      "HTTP/1.1 ",
      "content-length: ",
      "transfer-encoding: chunked\r\n",
      "content-encoding: br\r\n",
      "content-encoding: deflate, gzip\r\n",
      "connection: close\r\n",
      "retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
      "0\r\n\r\n",
      "ffffffffffff\r\n",
      "true",
      "null",
      '"success":',
      '{"',
      "[[[[",
      "\\ud800",
      KEY,
    ],
    mostBytes: 4_096,
    run: (input) => {
      const isTunnel = (input[0] ?? 0) % 8 === 7;
      const whole = read([input], isTunnel);
      const cut = read(piecesOf(input), isTunnel);
      // A malformed answer is reported where the fault is found: how much was read before depends on the pieces.
      if (whole.end.startsWith("done") || whole.end === "cut")
        mustEqual(cut, whole, "the same answer in pieces");
      else mustEqual(cut.end, whole.end, "the same fault in pieces");
      mustHold(whole.body.length <= MOST_BODY, "a body is bounded");
      return `${shapeOf(whole.end)}: ${whole.end.startsWith("done") ? meaningsOf(whole) : ""}`;
    },
  };
}
