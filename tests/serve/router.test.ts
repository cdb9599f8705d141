import { expect, test } from "bun:test";
import { match, type Routes } from "../../src/serve/router.ts";

const answer = (): Response => new Response();
const ROUTES: Routes = new Map([
  ["/", { GET: answer, isPublic: true }],
  ["/both", { GET: answer, POST: answer }],
]);

test("paths are exact, GET answers HEAD, and another method is told what the path takes", () => {
  expect(match(ROUTES, "/", "HEAD")).toEqual({ type: "found", handler: answer, isPublic: true });
  expect(match(ROUTES, "/both", "POST")).toEqual({ type: "found", handler: answer, isPublic: false });
  expect(match(ROUTES, "/both/", "GET")).toEqual({ type: "unknown" });
  expect(match(ROUTES, "/constructor", "GET")).toEqual({ type: "unknown" });
  expect(match(ROUTES, "/both", "DELETE")).toEqual({ type: "wrong-method", allow: "GET, HEAD, POST" });
  expect(match(ROUTES, "/", "POST")).toEqual({ type: "wrong-method", allow: "GET, HEAD" });
});
