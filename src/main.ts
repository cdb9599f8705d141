import { VERSION } from "./lib/version.ts";

/** Runs the command of argv and ends the process with its code. */
async function main(argv: readonly string[]): Promise<never> {
  if (argv.length === 1 && argv[0] === "--version") {
    const isWritten = await Bun.write(Bun.stdout, `${VERSION}\n`).then(
      () => true,
      () => false,
    );
    // Where it cannot be written, the long way says why.
    if (isWritten) process.exit(0);
  }
  const [{ installShutdown }, { runToEnd }] = await Promise.all([
    import("./cli/shutdown.ts"),
    import("./cli/run-to-end.ts"),
  ]);
  const shutdown = installShutdown();
  const code = await runToEnd({ argv, environment: process.env, shutdown });
  process.exit(shutdown.exitCode() ?? code);
}

await main(process.argv.slice(2));
