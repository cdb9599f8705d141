import { Failure } from "../../src/lib/errors.ts";

/** What an action throws, which has to be a Failure: what a person is told. */
export function failureOf(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("expected a Failure, and nothing was thrown");
}
