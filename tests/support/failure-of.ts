import { Failure } from "../../src/lib/errors.ts";

/** The Failure that an action throws. */
export function failureOf(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("expected a Failure, and nothing was thrown");
}
