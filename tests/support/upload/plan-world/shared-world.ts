import { type Draw, FAIR, must } from "./draw.ts";
import { ModelRedis } from "./model-redis.ts";
import { ModelServer } from "./model-server.ts";
import { SharedMachine } from "./shared-machine.ts";

export interface SharedWorldOptions {
  readonly machines: number;
  readonly contents: number;
  readonly workers: number;
  /** How long to wait for an unreachable shared store; Infinity as with --watch. */
  readonly waitMs: number;
  /** The number of machines that join later and have never used the shared store. */
  readonly newcomers?: number;
}

const AMBIGUOUS_WAIT_MS = 20_000;

/**
 * Several machines with the same tree, one shared store and one server that accepts duplicates, on one clock;
 * draws decide what happens next, including faults.
 */
export class SharedWorld {
  readonly #redis = new ModelRedis();
  readonly #server = new ModelServer({ refusesDuplicates: false, ambiguousWaitMs: AMBIGUOUS_WAIT_MS });
  readonly #contents: readonly string[];
  readonly #machines: SharedMachine[];
  readonly #hasNewcomers: boolean;
  /** Machines that have not joined yet. */
  readonly #late: (() => SharedMachine)[];
  #nowMs = 1_000_000;
  #replica: (() => void) | null = null;

  constructor({ machines, contents, workers, waitMs, newcomers = 0 }: SharedWorldOptions) {
    this.#hasNewcomers = newcomers > 0;
    this.#contents = Array.from({ length: contents }, (_, at) => `c${at}`);
    const around = {
      redis: this.#redis,
      server: this.#server,
      contents: this.#contents,
      workers,
      waitMs,
      ambiguousWaitMs: AMBIGUOUS_WAIT_MS,
      now: () => this.#nowMs,
    };
    this.#machines = Array.from({ length: machines }, (_, name) => new SharedMachine(around, name));
    this.#late = Array.from({ length: newcomers }, (_, at) => () => new SharedMachine(around, machines + at));
    // All of these join once before the test starts.
    for (const machine of this.#machines)
      for (let step = 0; machine.epoch === null; step += 1) {
        must(step <= 200, "a machine does not come to take part");
        machine.step(FAIR);
      }
  }

  /** Performs one event. */
  step(draw: Draw): void {
    const machine = this.#machines[draw(this.#machines.length)];
    if (machine === undefined) return;
    switch (draw(24)) {
      case 1:
        this.#pass(draw(2_000));
        return;
      case 2:
        this.#pass(draw(4) === 0 ? draw(30_000) : draw(400));
        return;
      case 3:
        if (draw(3) === 0) this.#fault(machine, draw);
        return;
      case 4:
        this.#come(draw);
        return;
      default:
        if (this.#nowMs < machine.frozenUntilMs) this.#pass(draw(500));
        else if (machine.isOver) machine.begin();
        else machine.step(draw);
    }
  }

  #fault(machine: SharedMachine, draw: Draw): void {
    // Less is promised for newcomers: they notice a loss only while the others are connected.
    const fault = this.#hasNewcomers ? ([0, 4, 5][draw(3)] ?? 0) : draw(8);
    switch (fault) {
      case 0:
        this.#redis.flush();
        return;
      case 1:
        this.#redis.restart();
        if (draw(2) === 0) this.#redis.flush();
        return;
      case 2:
        this.#replica ??= this.#redis.copy();
        return;
      case 3:
        this.#replica?.();
        this.#replica = null;
        return;
      case 4:
        machine.frozenUntilMs = this.#nowMs + 3_000 + draw(30_000);
        return;
      case 5:
        machine.cutOffUntilMs = this.#nowMs + draw(30_000);
        return;
      case 6:
        machine.interrupt();
        return;
      default:
        machine.kill(draw);
    }
  }

  /** A newcomer starts, sometimes at the worst moment. */
  #come(draw: Draw): void {
    if (draw(10) !== 0) return;
    const newcomer = this.#late.pop();
    if (newcomer === undefined) return;
    if (draw(2) === 0) this.#redis.flush();
    const machine = newcomer();
    this.#machines.push(machine);
    for (let step = draw(60); step > 0 && !machine.isOver; step -= 1) machine.step(FAIR);
  }

  #pass(ms: number): void {
    this.#nowMs += ms;
    this.#server.land(this.#nowMs);
  }

  /**
   * From here on everything goes well: every run ends, and after the next ones everything has been stored exactly once.
   */
  settle(): void {
    for (const newcomer of this.#late.splice(0)) this.#machines.push(newcomer());
    for (const machine of this.#machines) {
      machine.frozenUntilMs = 0;
      machine.cutOffUntilMs = 0;
    }
    for (let life = 0; life < 2; life += 1) {
      this.#finish();
      for (const machine of this.#machines) machine.begin();
    }
    this.#finish();
    for (const { store } of this.#machines)
      for (const checksum of this.#contents) {
        const state = store.get(checksum)?.state ?? "unknown";
        must(state === "done" && this.#server.has(checksum), `${checksum} is ${state} in the end`);
      }
  }

  #finish(): void {
    for (let round = 0; this.#machines.some(({ isOver }) => !isOver); round += 1) {
      must(round <= 5_000, "the runs do not end");
      const open = this.#machines.filter(({ isOver }) => !isOver);
      for (const machine of open)
        for (let step = 0; step < 8 && !machine.isOver; step += 1) machine.step(FAIR);
      for (const machine of open) if (!machine.isOver) machine.tick();
      this.#pass(100);
    }
  }
}
