import {
  bitsOf,
  booleanOf,
  constructed,
  DerError,
  DerReader,
  type Element,
  elementsOf,
  oidOf,
  smallIntegerOf,
  TAG,
  timeOf,
} from "./der.ts";
import {
  directoryName,
  type GeneralName,
  generalName,
  type NameConstraints,
  nameConstraints,
} from "./general-name.ts";

/** The parts of a certificate that decide whether a chain is valid (RFC 5280, section 4). */
export interface Certificate {
  /** Whether subject and issuer are the same name. */
  readonly isSelfIssued: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The algorithm of its signature, dotted. */
  readonly signatureAlgorithm: string;
  readonly isCa: boolean;
  /** How many authorities may be between it and the server; null: any number. */
  readonly pathLength: number | null;
  /** Null: unrestricted. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | null;
  /** Extended key usages, dotted; null: any. */
  readonly extendedKeyUsage: readonly string[] | null;
  /** The hosts that it certifies: its subject alternative names. */
  readonly hosts: readonly GeneralName[];
  /** These and its subject, if not empty: what name constraints apply to. */
  readonly names: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | null;
  /** Critical extensions not understood here, dotted. */
  readonly unknownCritical: readonly string[];
}

const OID = {
  keyUsage: "2.5.29.15",
  names: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  policies: "2.5.29.32",
  extendedKeyUsage: "2.5.29.37",
} as const;

const VERSION_3 = 2;

interface Extensions {
  readonly bodies: ReadonlyMap<string, Uint8Array>;
  readonly critical: readonly string[];
}

function extensionsOf(element: Element | null): Extensions {
  const bodies = new Map<string, Uint8Array>();
  const critical: string[] = [];
  if (element === null) return { bodies, critical };
  const outer = new DerReader(element.content);
  const list = elementsOf(outer.next(TAG.sequence).content);
  outer.end();
  for (const { content, tag } of list) {
    if (tag !== TAG.sequence) throw new DerError("no extension");
    const reader = new DerReader(content);
    const oid = oidOf(reader.next(TAG.oid));
    const criticality = reader.optional(TAG.boolean);
    const { content: body } = reader.next(TAG.octetString);
    reader.end();
    if (bodies.has(oid)) throw new DerError("the same extension twice");
    bodies.set(oid, body);
    if (criticality !== null && booleanOf(criticality)) critical.push(oid);
  }
  return { bodies, critical };
}

/** The single element, with this tag, that makes up an extension's value. */
function only(body: Uint8Array, tag: number): Element {
  const reader = new DerReader(body);
  const element = reader.next(tag);
  reader.end();
  return element;
}

function basicConstraints(body: Uint8Array | undefined): Pick<Certificate, "isCa" | "pathLength"> {
  if (body === undefined) return { isCa: false, pathLength: null };
  const reader = new DerReader(only(body, TAG.sequence).content);
  const ca = reader.optional(TAG.boolean);
  const pathLength = reader.optional(TAG.integer);
  reader.end();
  return {
    isCa: ca !== null && booleanOf(ca),
    pathLength: pathLength === null ? null : smallIntegerOf(pathLength),
  };
}

function keyUsage(body: Uint8Array | undefined): Certificate["keyUsage"] {
  if (body === undefined) return null;
  const [first = 0] = bitsOf(only(body, TAG.bitString));
  return { digitalSignature: (first & 0x80) !== 0, keyCertSign: (first & 0x04) !== 0 };
}

function extendedKeyUsage(body: Uint8Array | undefined): readonly string[] | null {
  if (body === undefined) return null;
  return elementsOf(only(body, TAG.sequence).content).map((element) => {
    if (element.tag !== TAG.oid) throw new DerError("no purpose");
    return oidOf(element);
  });
}

function hostsOf(body: Uint8Array | undefined): readonly GeneralName[] {
  return body === undefined ? [] : elementsOf(only(body, TAG.sequence).content).map(generalName);
}

function algorithmOf({ content }: Element): string {
  return oidOf(new DerReader(content).next(TAG.oid));
}

function read(der: Uint8Array): Certificate {
  const file = new DerReader(der);
  const outer = new DerReader(file.next(TAG.sequence).content);
  file.end();
  const body = new DerReader(outer.next(TAG.sequence).content);
  const signatureAlgorithm = algorithmOf(outer.next(TAG.sequence));
  bitsOf(outer.next(TAG.bitString));
  outer.end();

  const versionTag = body.optional(constructed(0));
  const version = versionTag === null ? 0 : smallIntegerOf(only(versionTag.content, TAG.integer));
  body.next(TAG.integer);
  if (algorithmOf(body.next(TAG.sequence)) !== signatureAlgorithm)
    throw new DerError("its two signature algorithms differ");
  const issuer = body.next(TAG.sequence);
  const validity = elementsOf(body.next(TAG.sequence).content);
  const [from, to] = validity;
  if (from === undefined || to === undefined || validity.length > 2) throw new DerError("no validity");
  const subject = body.next(TAG.sequence);
  body.next(TAG.sequence);
  // The unique identifiers of issuer and subject: primitive, [1] and [2].
  body.optional(0x81);
  body.optional(0x82);
  const extensions = body.optional(constructed(3));
  body.end();
  if (extensions !== null && version !== VERSION_3) throw new DerError("extensions without version 3");

  const { bodies, critical } = extensionsOf(extensions);
  const constraints = bodies.get(OID.nameConstraints);
  const hosts = hostsOf(bodies.get(OID.names));
  const name = directoryName(subject);
  const known: readonly string[] = Object.values(OID);
  return {
    isSelfIssued: Buffer.compare(issuer.whole, subject.whole) === 0,
    notBeforeMs: timeOf(from),
    notAfterMs: timeOf(to),
    signatureAlgorithm,
    ...basicConstraints(bodies.get(OID.basicConstraints)),
    keyUsage: keyUsage(bodies.get(OID.keyUsage)),
    extendedKeyUsage: extendedKeyUsage(bodies.get(OID.extendedKeyUsage)),
    hosts,
    names: name.parts.length === 0 ? hosts : [...hosts, name],
    nameConstraints: constraints === undefined ? null : nameConstraints(only(constraints, TAG.sequence)),
    unknownCritical: critical.filter((oid) => !known.includes(oid)),
  };
}

/** Reads an X.509 certificate in DER; returns a string if it is invalid. Never throws. */
export function readCertificate(der: Uint8Array): Certificate | string {
  try {
    return read(der);
  } catch (error) {
    if (error instanceof DerError) return error.message;
    throw error;
  }
}
