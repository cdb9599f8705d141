import { constructed, DerError, DerReader, type Element, elementsOf, primitive, TAG } from "./der.ts";

/** A subject alternative name, or a name constraint (RFC 5280, section 4.2.1.6). */
export type GeneralName =
  | { readonly type: "dns"; readonly name: string }
  /** 4 or 16 bytes; in a constraint 8 or 32, the address followed by the mask. */
  | { readonly type: "ip"; readonly bytes: Uint8Array }
  /** The parts of a distinguished name, outermost first, in their encoded form. */
  | { readonly type: "directory"; readonly parts: readonly Uint8Array[] }
  /** Mail addresses, URIs and others, distinguished by their tag. */
  | { readonly type: "other"; readonly tag: number };

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** A distinguished name. @throws DerError */
export function directoryName({ tag, content }: Element): GeneralName & { readonly type: "directory" } {
  if (tag !== TAG.sequence) throw new DerError("no distinguished name");
  return { type: "directory", parts: elementsOf(content).map(({ whole }) => whole) };
}

/** @throws DerError */
export function generalName({ tag, content }: Element): GeneralName {
  switch (tag) {
    case primitive(2): {
      const name = Buffer.from(content).toString("latin1");
      if (!/^[\x21-\x7e]*$/.test(name)) throw new DerError("a host name with characters that none has");
      return { type: "dns", name: name.toLowerCase() };
    }
    case primitive(7):
      return { type: "ip", bytes: content };
    case constructed(4): {
      const [name, ...more] = elementsOf(content);
      if (name === undefined || more.length > 0) throw new DerError("no distinguished name");
      return directoryName(name);
    }
    default:
      return { type: "other", tag };
  }
}

function subtrees(element: Element | null): readonly GeneralName[] {
  if (element === null) return [];
  return elementsOf(element.content).map((subtree) => {
    if (subtree.tag !== TAG.sequence) throw new DerError("no subtree");
    const reader = new DerReader(subtree.content);
    const name = generalName(reader.next());
    if (name.type === "ip" && name.bytes.length !== 8 && name.bytes.length !== 32)
      throw new DerError("a range of addresses that is none");
    // minimum and maximum are never used (section 4.2.1.10).
    reader.end();
    return name;
  });
}

/** The value of a name constraints extension. @throws DerError */
export function nameConstraints({ content }: Element): NameConstraints {
  const reader = new DerReader(content);
  const permitted = subtrees(reader.optional(constructed(0)));
  const excluded = subtrees(reader.optional(constructed(1)));
  reader.end();
  return { permitted, excluded };
}

function dnsIsWithin(name: string, constraint: string): boolean {
  if (constraint === "" || name === constraint) return true;
  return name.endsWith(constraint.startsWith(".") ? constraint : `.${constraint}`);
}

function ipIsWithin(address: Uint8Array, constraint: Uint8Array): boolean {
  const { length } = address;
  if (constraint.length !== 2 * length) return false;
  return address.every((byte, at) => {
    const mask = constraint[length + at] ?? 0;
    return (byte & mask) === ((constraint[at] ?? 0) & mask);
  });
}

/** Whether a distinguished name starts with all parts of another. */
function directoryIsWithin(parts: readonly Uint8Array[], wanted: readonly Uint8Array[]): boolean {
  return wanted.every((part, index) => {
    const found = parts[index];
    return found !== undefined && Buffer.compare(part, found) === 0;
  });
}

function isWithin(name: GeneralName, constraint: GeneralName): boolean {
  if (name.type === "dns" && constraint.type === "dns") return dnsIsWithin(name.name, constraint.name);
  if (name.type === "ip" && constraint.type === "ip") return ipIsWithin(name.bytes, constraint.bytes);
  if (name.type === "directory" && constraint.type === "directory")
    return directoryIsWithin(name.parts, constraint.parts);
  return false;
}

const isSameForm = (left: GeneralName, right: GeneralName): boolean =>
  left.type === right.type && (left.type !== "other" || right.type !== "other" || left.tag === right.tag);

/** A wildcard may cover an excluded name: `*.a.example` covers `b.a.example`. */
function mayBeExcluded(name: GeneralName, excluded: GeneralName): boolean {
  if (name.type !== "dns" || excluded.type !== "dns" || !name.name.startsWith("*.")) return false;
  const below = name.name.slice(1);
  return excluded.name.endsWith(below) || `.${excluded.name}` === below;
}

/**
 * Whether an authority may certify a name. Any exclusion of distinguished names, or of forms not known here, is
 * taken to match, as one name can have many encodings.
 */
export function isPermitted(name: GeneralName, { permitted, excluded }: NameConstraints): boolean {
  const against = excluded.filter((constraint) => isSameForm(name, constraint));
  if (against.some((constraint) => constraint.type === "directory" || constraint.type === "other"))
    return false;
  if (against.some((constraint) => isWithin(name, constraint) || mayBeExcluded(name, constraint)))
    return false;
  const allowed = permitted.filter((constraint) => isSameForm(name, constraint));
  return allowed.length === 0 || allowed.some((constraint) => isWithin(name, constraint));
}

/** Whether a certified name covers a host name; a wildcard matches only the first label (RFC 6125, section 6.4.3). */
function dnsCovers(pattern: string, host: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === host;
  const dot = host.indexOf(".");
  // `*.example` would cover a whole top-level domain.
  return dot > 0 && host.slice(dot) === pattern.slice(1) && pattern.split(".").length > 2;
}

/**
 * Whether certified names cover a host.
 *
 * @param host a name, or the bytes of an address.
 */
export function namesCover(names: readonly GeneralName[], host: string | Uint8Array): boolean {
  if (typeof host !== "string")
    return names.some((name) => name.type === "ip" && Buffer.compare(name.bytes, host) === 0);
  const asked = host.toLowerCase().replace(/\.$/, "");
  return names.some((name) => name.type === "dns" && dnsCovers(name.name, asked));
}
