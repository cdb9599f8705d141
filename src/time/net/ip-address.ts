const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const IPV6_GROUP = /^[\da-f]{1,4}$/i;
const ZONE = /^[\da-z.:-]+$/i;

/** The number of 16-bit groups in a part of an IPv6 address; NaN if it is invalid. */
function groupCount(part: string, isLast: boolean): number {
  if (part === "") return 0;
  const groups = part.split(":");
  const last = groups.at(-1) ?? "";
  const isDotted = isLast && IPV4.test(last);
  const plain = isDotted ? groups.slice(0, -1) : groups;
  return plain.every((group) => IPV6_GROUP.test(group)) ? groups.length + (isDotted ? 1 : 0) : Number.NaN;
}

function isIpv6(text: string): boolean {
  const [bare = "", ...zone] = text.split("%");
  if (zone.length > 1 || zone.some((name) => !ZONE.test(name))) return false;
  const [head = "", tail, ...more] = bare.split("::");
  if (more.length > 0) return false;
  if (tail === undefined) return groupCount(head, true) === 8;
  return groupCount(head, false) + groupCount(tail, true) < 8;
}

/**
 * 4 or 6 for a literal address, with or without a zone for IPv6; 0 for anything else. Like isIP of node:net, which
 * would add 2 ms to the start of every command.
 */
export function ipFamily(text: string): 0 | 4 | 6 {
  if (IPV4.test(text)) return 4;
  return isIpv6(text) ? 6 : 0;
}

/** The bytes of a dotted IPv4 address. */
export function ipv4Bytes(address: string): number[] {
  return address.split(".").map(Number);
}

/** The groups of a part of an IPv6 address; it may end in a dotted IPv4 address, which makes two groups. */
function groupsOf(part: string): number[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = ipv4Bytes(group);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** The eight 16-bit groups of a valid IPv6 address without a zone. */
export function ipv6Groups(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  if (tail === undefined) return before;
  const after = groupsOf(tail);
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

/** The canonical text of eight groups: the first longest run of two or more zeros becomes `::` (RFC 5952). */
export function formatIpv6(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(":");
  let longest = "";
  for (const [run] of text.matchAll(/\b0(:0)+\b/g)) if (run.length > longest.length) longest = run;
  if (longest === "") return text;
  return text.replace(new RegExp(`(^|:)${longest}(:|$)`), "::");
}

/** One spelling for each address: `::0:1` and `::1` are the same server. Zones are kept. */
export function canonicalAddress(address: string): string {
  const [bare = "", zone] = address.split("%");
  if (ipFamily(bare) !== 6) return address;
  const shortest = formatIpv6(ipv6Groups(bare));
  return zone === undefined ? shortest : `${shortest}%${zone}`;
}
