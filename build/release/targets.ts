// The platforms to build for and the Bun runtime of each. The integrity values are the npm registry's for the Bun
// version pinned in package.json; tests/build/targets.test.ts compares them with package-lock.json.
import { existsSync, readdirSync, readFileSync } from "node:fs";

export interface Target {
  /** As in the archive's name. */
  readonly name: string;
  /** bun's name for it. */
  readonly bun: string;
  /** The npm package of its runtime, without the scope. */
  readonly runtime: string;
  readonly integrity: string;
  /** Whether the end-to-end tests run it (arm64 under emulation); the others are built but not tried. */
  readonly tested: boolean;
}

export const TARGETS: readonly Target[] = [
  {
    name: "linux-arm64",
    bun: "bun-linux-arm64",
    runtime: "bun-linux-aarch64",
    integrity:
      "sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==",
    tested: true,
  },
  {
    name: "linux-arm64-musl",
    bun: "bun-linux-arm64-musl",
    runtime: "bun-linux-aarch64-musl",
    integrity:
      "sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==",
    tested: false,
  },
  {
    name: "linux-x64",
    bun: "bun-linux-x64",
    runtime: "bun-linux-x64",
    integrity:
      "sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==",
    tested: true,
  },
  {
    name: "linux-x64-musl",
    bun: "bun-linux-x64-musl",
    runtime: "bun-linux-x64-musl",
    integrity:
      "sha512-10QoW/YfTgnURaGEaHpJCiXjLI2e5iTtfVDaA5JKcyUzaa1cq6cVUY9/Uq5XkYzvtRjHLRe9Oj/lTDIQcxy8HQ==",
    tested: false,
  },
  {
    name: "linux-x64-baseline",
    bun: "bun-linux-x64-baseline",
    runtime: "bun-linux-x64-baseline",
    integrity:
      "sha512-s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==",
    tested: false,
  },
  {
    name: "linux-x64-musl-baseline",
    bun: "bun-linux-x64-musl-baseline",
    runtime: "bun-linux-x64-musl-baseline",
    integrity:
      "sha512-cWJhU8h0+MiUgpSt99sQhjxLIIosKEcKYdtKddohokUvAuN6jKOy7g7+QDTZTXtwHxz93wL3BX+L6wXVPDUH3A==",
    tested: false,
  },
  {
    name: "darwin-arm64",
    bun: "bun-darwin-arm64",
    runtime: "bun-darwin-aarch64",
    integrity:
      "sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==",
    tested: false,
  },
  {
    name: "darwin-x64",
    bun: "bun-darwin-x64",
    runtime: "bun-darwin-x64",
    integrity:
      "sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==",
    tested: false,
  },
  {
    name: "windows-x64",
    bun: "bun-windows-x64",
    runtime: "bun-windows-x64",
    integrity:
      "sha512-FNvply651vcE/GHgNWz6mZvhmkwBuu8Hw54oNzA+CQog+HW+542rXQmZqNHRkFxazD9L3xi+iTtvO3engAgJfw==",
    tested: false,
  },
];

/** The target with this name; otherwise throws an error that lists the names. */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((known) => known.name === name);
  if (target === undefined) {
    throw new Error(
      `unknown target ${name}, expected one of ${TARGETS.map((known) => known.name).join(", ")}`,
    );
  }
  return target;
}

const isMusl = (): boolean => readdirSync("/lib").some((name) => name.startsWith("ld-musl-"));

/** Whether this x64 processor lacks instructions that Bun's regular build uses. */
function needsBaseline(): boolean {
  const info = "/proc/cpuinfo";
  return existsSync(info) && !/^flags\s*:.*\bavx2\b/m.test(readFileSync(info, "utf8"));
}

/** The target name of the machine that is building. */
export function hostTarget(): string {
  const { platform, arch } = process;
  if (platform !== "linux") return `${platform === "win32" ? "windows" : platform}-${arch}`;
  const libc = isMusl() ? "-musl" : "";
  return `linux-${arch}${libc}${arch === "x64" && needsBaseline() ? "-baseline" : ""}`;
}
