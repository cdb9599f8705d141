import type { Experiment } from "../experiment.ts";
import { fastDate64, packetParsing } from "./time-codes.ts";
import { trustedFileScan } from "./time-files.ts";
import { deadServers, liveServers } from "./time-servers.ts";
import { nameLookup } from "./time-names.ts";

export const timeExperiments: readonly Experiment[] = [
  deadServers,
  liveServers,
  nameLookup,
  trustedFileScan,
  packetParsing,
  fastDate64,
];
