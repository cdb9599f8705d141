import { boundaryOf, readForm } from "../../../../src/upload/sandbox/form-reader.ts";
import { readBatch, readOne } from "../../../../src/upload/sandbox/uploads.ts";
import {
  closingDelimiter,
  filePartHead,
  PART_END,
  textPart,
} from "../../../../src/upload/tanova/multipart.ts";
import { type FuzzTarget, mustEqual, mustHold, piecesOf, shapeOf, sizeWord } from "../fuzz-target.ts";

const BOUNDARY = "nodupe-0123456789";

async function* streamOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** A form as written by the client. */
function formOf(name: string, content: string, fields: Readonly<Record<string, string>>): string {
  const texts = Object.entries(fields).map(([key, value]) => textPart(BOUNDARY, key, value));
  return `${texts.join("")}${filePartHead(BOUNDARY, "file", name)}${content}${PART_END}${closingDelimiter(BOUNDARY)}`;
}

/** A form reads the same however it arrives; the sandbox reads what the client wrote. */
export function multipart(): FuzzTarget {
  const checksum = new Bun.CryptoHasher("sha256").update("a CV").digest("hex");
  const manifest = JSON.stringify({ items: [{ part: "file", checksum, filename: "a.pdf" }] });
  const seeds = [
    formOf("a.pdf", "a CV", { checksum }),
    formOf('J\u00fcrgen "the" \r\n.docx', "a CV", { checksum, job_hint: "cook", email: "a@b.example" }),
    formOf("a.pdf", "a CV", { manifest }),
    `preamble\r\n${formOf("x.txt", "\r\n--nodupe-012345678", { checksum })}epilogue`,
    closingDelimiter(BOUNDARY),
  ];
  return {
    seeds: seeds.map((text) => new Uint8Array(Buffer.from(text, "utf8"))),
    dictionary: [
      "\r\n",
      "--",
      `--${BOUNDARY}`,
      `\r\n--${BOUNDARY}\r\n`,
      `\r\n--${BOUNDARY}--`,
      'Content-Disposition: form-data; name="',
      'filename="',
      "%22",
      "%0D%0A",
      "\r\n\r\n",
      '"',
      "checksum",
      "manifest",
      checksum,
    ],
    mostBytes: 4_096,
    run: async (input) => {
      const whole = await readForm(streamOf([input]), BOUNDARY);
      mustEqual(await readForm(streamOf(piecesOf(input)), BOUNDARY), whole, "the same form in pieces");
      const declared = boundaryOf(Buffer.from(input).toString("latin1"));
      mustHold(declared === null || (declared.length > 0 && declared.length <= 200), "a boundary is bounded");
      const [one, batch] = [readOne(whole), readBatch(whole, { maxItems: 5, maxBytes: 100_000 })];
      if ("fault" in whole) return shapeOf(whole.fault);
      mustEqual(
        whole.order.length >= whole.files.length + whole.fields.size,
        true,
        "each part has its place",
      );
      // A form that was read and written again reads the same.
      if (whole.files.length === 0 && whole.fields.size === whole.order.length) {
        const again =
          [...whole.fields].map(([name, value]) => textPart(BOUNDARY, name, value)).join("") +
          closingDelimiter(BOUNDARY);
        const isText =
          !again.includes("\uFFFD") &&
          [...whole.fields.values()].every((value) => !value.includes(`\r\n--${BOUNDARY}`));
        if (isText && ![...whole.fields.keys()].some((name) => name.includes("%"))) {
          const reread = await readForm(streamOf([Buffer.from(again)]), BOUNDARY);
          mustEqual(
            "fields" in reread ? [...reread.fields] : reread,
            [...whole.fields],
            "a form that was written again",
          );
        }
      }
      return `form files ${sizeWord(whole.files.length)} fields ${sizeWord(whole.fields.size)} ${one.type} ${batch.type}`;
    },
  };
}
