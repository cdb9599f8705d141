/** What the status of an upload says about its outcome. */
export type OutcomeRule =
  /** The body decides: a candidateId or `success: true`, otherwise it is not recognised. */
  | "success"
  /** Says nothing about the upload. */
  | "unrecognised"
  | "duplicate"
  /** Certainly not stored, for a temporary reason. */
  | "transient"
  /** It may be stored, or the server may still be processing it. */
  | "ambiguous"
  /** The content is refused for good. */
  | "permanent"
  | "unauthorized"
  /** Not the API: a deployment, a redirect. No content is the cause; it is waited for as for an outage. */
  | "misplaced";

/**
 * The rule table of outcomes.
 *
 * | status        | request whole | Retry-After | rule         |
 * | ------------- | ------------- | ----------- | ------------ |
 * | 200, 201      | yes           | any         | success      |
 * | other 2xx     | any           | any         | unrecognised |
 * | 200, 201      | no            | any         | unrecognised |
 * | 1xx, 3xx      | any           | any         | misplaced    |
 * | 401, 403      | any           | any         | unauthorized |
 * | 404, 405      | any           | any         | misplaced    |
 * | 409           | any           | any         | duplicate    |
 * | 425, 429      | any           | any         | transient    |
 * | 503           | yes           | yes         | transient    |
 * | 408, 5xx      | yes           | any other   | ambiguous    |
 * | 408, 5xx      | no            | any         | transient    |
 * | other 4xx     | any           | any         | permanent    |
 *
 * Gateways answer 504, and 500, while the server is still working, also in JSON: the body makes no difference.
 *
 * @param whole the request was sent to its last byte: an incomplete one cannot have been stored.
 */
export function outcomeRule(
  status: number,
  { whole, hasRetryAfter }: { readonly whole: boolean; readonly hasRetryAfter: boolean },
): OutcomeRule {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 404 || status === 405) return "misplaced";
  if (status === 409) return "duplicate";
  if (status === 425 || status === 429) return "transient";
  if (status === 503 && hasRetryAfter) return "transient";
  if (status === 408 || status >= 500) return whole ? "ambiguous" : "transient";
  if (status >= 400) return "permanent";
  if (status >= 300 || status < 200) return "misplaced";
  return whole && (status === 200 || status === 201) ? "success" : "unrecognised";
}
