import {
  type CollectorOptions,
  compileHardly,
  compileLate,
  compileReluctantly,
  createCollector,
} from "../lib/engine.ts";
import { releaseProgramPages } from "../lib/ffi/program-pages.ts";

/** About 70 ms of a run over known files, or over folders without any. */
const MANY_FILES = 20_000;
const MANY_FOLDERS = 4_096;
/**
 * Looking up files and folders leaves nothing but garbage. Collecting more often costs time and lowers no peak
 * (bench/known-files.ts).
 */
const FILE_COLLECTION: CollectorOptions = { every: 20_000, fromGrowthBytes: 8 * 1024 ** 2 };
const FOLDER_COLLECTION: CollectorOptions = { every: 4_096, fromGrowthBytes: 4 * 1024 ** 2, since: "start" };
/**
 * Each upload leaves only a little garbage, and each check half of that. It is collected only once memory has grown by
 * what the program itself takes while uploading (its pages were released before) plus 8 MB: then 10,000 files take no
 * more than 1,000. Collecting twice as often would save at most 3 MB for some 3% more processor time.
 */
const COLLECT_EVERY = 512;
const GROWTH_BYTES = 24 * 1024 ** 2;
/** For a process that does other work as well, whose pages were not released. */
const SHARED_GROWTH_BYTES = 8 * 1024 ** 2;
/**
 * From so many uploads on compiling pays: with 100,000 small files it saves a third of the processor time, for 13 MB,
 * some of which are the compiler's own pages. With 1,000 it saves nothing.
 */
const COMPILED_FROM_UPLOADS = 2_000;
/** In multiples of the engine's own thresholds: what runs rarely is then not compiled. */
const COMPILE_LATE_TIMES = 16;

export interface EngineCareOptions {
  /** The process does other work as well: the engine is left alone, except for the garbage of uploads. */
  readonly sharesProcess: boolean;
  /** The run goes on for months with little to do: memory counts more than speed. */
  readonly isEndless: boolean;
}

/** What a run asks of the engine: when to compile, and when to give memory back. */
export class EngineCare {
  readonly #options: EngineCareOptions;
  readonly #collectFiles = createCollector(FILE_COLLECTION);
  readonly #collectFolders = createCollector(FOLDER_COLLECTION);
  #collect: ((units: number) => void) | null = null;
  #files = 0;
  #folders = 0;
  #uploads = 0;
  /** Only a process that does nothing else releases the memory its start needed. */
  #isStartKept: boolean;

  constructor(options: EngineCareOptions) {
    this.#options = options;
    this.#isStartKept = !options.sharesProcess;
  }

  /** A run begins, which may find hardly anything to do. */
  begin(): void {
    if (!this.#options.sharesProcess) compileReluctantly();
  }

  /** So many more files were found. */
  found(files: number): void {
    this.#files += files;
    this.#releaseStart();
  }

  /** So many of them were looked up one by one. */
  lookedUp(files: number): void {
    this.#collectFiles(files);
  }

  readFolders(folders: number): void {
    this.#folders += folders;
    this.#releaseStart();
    this.#collectFolders(folders);
  }

  /** Contents will be sent. Called once, before the first one. */
  sending(): void {
    const { sharesProcess } = this.#options;
    if (!sharesProcess) {
      compileHardly();
      releaseProgramPages();
    }
    this.#collect = createCollector({
      every: COLLECT_EVERY,
      fromGrowthBytes: sharesProcess ? SHARED_GROWTH_BYTES : GROWTH_BYTES,
      since: "start",
    });
  }

  /** An upload has ended. */
  uploaded(): void {
    this.#collect?.(1);
    this.#uploads += 1;
    const { sharesProcess, isEndless } = this.#options;
    if (this.#uploads === COMPILED_FROM_UPLOADS && !sharesProcess && !isEndless)
      compileLate(COMPILE_LATE_TIMES);
  }

  /** A check has ended. */
  checked(): void {
    this.#collect?.(0.5);
  }

  /** During a long scan, releases once the memory that only the start needed. */
  #releaseStart(): void {
    if (!this.#isStartKept) return;
    if (this.#files < MANY_FILES && this.#folders < MANY_FOLDERS) return;
    this.#isStartKept = false;
    releaseProgramPages();
  }
}
