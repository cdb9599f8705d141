import { CV_TYPES, extensionOf } from "./cv-types.ts";

/** The MIME type that the API expects for a CV's name, by its extension in any case. */
export function mimeTypeOf(filename: string): string {
  return CV_TYPES[extensionOf(filename)] ?? "application/octet-stream";
}

/**
 * A name inside a quoted parameter as browsers write it: UTF-8 as it is, `"` as %22, CR and LF as %0D and %0A
 * (WHATWG HTML, multipart/form-data encoding algorithm).
 */
export function escapeName(name: string): string {
  if (!/["\r\n]/.test(name)) return name;
  return name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** A part that is text: its headers and its value, without the delimiter's end. */
export function textPart(boundary: string, name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"\r\n\r\n${value}\r\n`;
}

/** What stands before a file part's bytes. A line end (`partEnd`) follows them. */
export function filePartHead(boundary: string, name: string, filename: string): string {
  return (
    `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"; ` +
    `filename="${escapeName(filename)}"\r\nContent-Type: ${mimeTypeOf(filename)}\r\n\r\n`
  );
}

export const PART_END = "\r\n";

/** Without it a request is not whole: a server that gets it cut stores nothing. */
export function closingDelimiter(boundary: string): string {
  return `--${boundary}--\r\n`;
}
