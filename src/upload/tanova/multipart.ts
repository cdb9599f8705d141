import { CV_TYPES, extensionOf } from "./cv-types.ts";

/** The MIME type that the API expects for a CV, from its extension in any case. */
export function mimeTypeOf(filename: string): string {
  return CV_TYPES[extensionOf(filename)] ?? "application/octet-stream";
}

/**
 * Escapes a name inside a quoted parameter as browsers do: UTF-8 unchanged, `"` as %22, CR and LF as %0D and %0A
 * (WHATWG HTML, multipart/form-data encoding algorithm).
 */
export function escapeName(name: string): string {
  if (!/["\r\n]/.test(name)) return name;
  return name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** A text part: its headers and value, without the delimiter's end. */
export function textPart(boundary: string, name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"\r\n\r\n${value}\r\n`;
}

/** The head of a file part, before its bytes. A line end (`PART_END`) follows them. */
export function filePartHead(boundary: string, name: string, filename: string): string {
  return (
    `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"; ` +
    `filename="${escapeName(filename)}"\r\nContent-Type: ${mimeTypeOf(filename)}\r\n\r\n`
  );
}

export const PART_END = "\r\n";

/** A request is incomplete without it: a server that receives it cut off stores nothing. */
export function closingDelimiter(boundary: string): string {
  return `--${boundary}--\r\n`;
}
