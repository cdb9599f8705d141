import type { Experiment } from "../experiment.ts";
import { checksumCache } from "./sync-checksums.ts";
import { historyCommits } from "./sync-history.ts";
import { uploadMemory } from "./sync-memory.ts";
import { uploads } from "./sync-uploads.ts";

export const syncExperiments: readonly Experiment[] = [uploads, historyCommits, checksumCache, uploadMemory];
