import { VERSION } from "./lib/version.ts";

/**
 * Variables that affect the engine before this line runs (BUN_JSC_dumpOptions=1 writes to stdout). The build
 * disables the runtime's other variables (build/release/deaf-runtime.ts) but cannot disable these, so they are
 * refused for root, whose programs other users can start through sudo and cron.
 */
function refuseEngineVariables(environment: Readonly<Record<string, string | undefined>>): void {
  if (process.geteuid?.() !== 0) return;
  const name = Object.keys(environment).find((variable) => variable.startsWith("BUN_JSC_"));
  if (name === undefined) return;
  process
    .getBuiltinModule("node:fs")
    .writeSync(
      2,
      `nodupe: the environment has ${name}, which changes the engine; root must not set it: unset it\n`,
    );
  process.exit(2);
}

/** Runs the command in argv and exits with its code. */
async function main(argv: readonly string[]): Promise<never> {
  refuseEngineVariables(process.env);
  if (argv.length === 1 && argv[0] === "--version") {
    const isWritten = await Bun.write(Bun.stdout, `${VERSION}\n`).then(
      () => true,
      () => false,
    );
    // If writing fails, the normal path says why.
    if (isWritten) process.exit(0);
  }
  const [{ installShutdown }, { runToEnd }] = await Promise.all([
    import("./cli/command-line/shutdown.ts"),
    import("./cli/command-line/run-to-end.ts"),
  ]);
  const shutdown = installShutdown();
  const code = await runToEnd({ argv, environment: process.env, shutdown });
  process.exit(shutdown.exitCode() ?? code);
}

await main(process.argv.slice(2));
