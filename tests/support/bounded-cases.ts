// Loaded before every test file (bunfig.toml): on a busy machine a property test tries as many cases as fit into
// this time, at least one, instead of all. On an idle machine no test comes near the limit.
import fc from "fast-check";

fc.configureGlobal({ interruptAfterTimeLimit: 20_000 });
