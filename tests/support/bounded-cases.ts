// Loaded before every test file (bunfig.toml): a property test on a busy machine tries as many cases as this gives it time
// for, not all of them, and one at least. Alone on a machine none comes near it.
import fc from "fast-check";

fc.configureGlobal({ interruptAfterTimeLimit: 20_000 });
