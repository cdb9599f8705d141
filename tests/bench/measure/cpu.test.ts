import { expect, test } from "bun:test";
import { cpuKind } from "../../../src/bench/measure/cpu.ts";

const X64 =
  "processor\t: 0\nmodel name\t: Example CPU @ 2.50GHz\nprocessor\t: 1\nmodel name\t: Example CPU @ 2.50GHz\n";
const PI4 =
  "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\nprocessor\t: 1\nCPU part\t: 0xd08\n\nSerial\t\t: 10000000abcdef01\n";
const BIG_LITTLE = "CPU part\t: 0xd03\nCPU part\t: 0xd09\nCPU part\t: 0xfff\n";

test("a processor is named by its kind, on a board with the board's, never with a serial number", () => {
  expect(cpuKind(X64, null, "unknown")).toBe("Example CPU @ 2.50GHz");
  expect(cpuKind(PI4, "Raspberry Pi 4 Model B Rev 1.4\0", "unknown")).toBe(
    "Raspberry Pi 4 Model B Rev 1.4 (Cortex-A72)",
  );
  expect(cpuKind(BIG_LITTLE, null, "unknown")).toBe("Cortex-A53 + Cortex-A73 + ARM part 0xfff");
  expect(cpuKind("", null, "Apple M1")).toBe("Apple M1");
});
