import type { Experiment } from "../experiment.ts";
import { logLines } from "./ingest-lines.ts";
import { ingestMemory } from "./ingest-memory.ts";

export const ingestExperiments: readonly Experiment[] = [logLines, ingestMemory];
