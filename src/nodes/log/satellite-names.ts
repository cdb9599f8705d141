/** The satellites that operators know by name. Source: storj/common, storj.NodeIDs of the default trust list. */
const KNOWN: Readonly<Record<string, string>> = {
  "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
  "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
  "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
  "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE": "saltlake",
  // Shut down, but still in old logs.
  "12rfG3sh9NCWiX3ivPjq2HtdLmbqCrvHVEzJubnzFzosMuawymB": "europe-north-1",
  "12tRQrMTWUWwzwGh18i7Fqs67kmdhH9t6aToeiwbo5mfS2rUmo": "us2",
  "118UWpMCHzs6CvSgWd9BfFVjw5K9pZbJjkfZJexMtSkmKxvvAW": "stefan-benten",
};

/** A satellite's well-known name, or else both ends of its ID. `""`: the line named none. */
export function satelliteName(id: string): string {
  if (id === "") return "no satellite";
  const known = KNOWN[id];
  if (known !== undefined) return known;
  return id.length <= 14 ? id : `${id.slice(0, 6)}…${id.slice(-4)}`;
}
