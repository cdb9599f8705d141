import { isIP } from "node:net";

/** The bytes of a dotted IPv4 address. */
export function ipv4Bytes(address: string): number[] {
  return address.split(".").map(Number);
}

/** Groups of a part of an IPv6 address; its last may be a dotted IPv4 address, which makes two. */
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

/** The shortest spelling of eight groups: the first longest run of two zeros or more becomes `::` (RFC 5952). */
export function formatIpv6(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(":");
  let longest = "";
  for (const [run] of text.matchAll(/\b0(:0)+\b/g)) if (run.length > longest.length) longest = run;
  if (longest === "") return text;
  return text.replace(new RegExp(`(^|:)${longest}(:|$)`), "::");
}

/** One spelling for each address: `::0:1` and `::1` are the same server. A zone stays as it is. */
export function canonicalAddress(address: string): string {
  const [bare = "", zone] = address.split("%");
  if (isIP(bare) !== 6) return address;
  const shortest = formatIpv6(ipv6Groups(bare));
  return zone === undefined ? shortest : `${shortest}%${zone}`;
}
