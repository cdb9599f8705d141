/** Answers a request for one path and method; `address` gives the client's address. */
type Handler = (request: Request, address: () => string) => Response | Promise<Response>;

export interface Route {
  /** Also answers HEAD. */
  readonly GET?: Handler;
  readonly POST?: Handler;
  /** Answered without a token: the page, its assets, the login. */
  readonly isPublic?: boolean;
}

export type Routes = ReadonlyMap<string, Route>;

export type Match =
  | { readonly type: "found"; readonly handler: Handler; readonly isPublic: boolean }
  | { readonly type: "unknown" }
  | { readonly type: "wrong-method"; readonly allow: string };

/**
 * Finds the handler for a path and a method. Paths match exactly: there are no patterns and no file system behind them.
 */
export function match(routes: Routes, path: string, method: string): Match {
  const route = routes.get(path);
  if (route === undefined) return { type: "unknown" };
  const handler =
    method === "HEAD" ? route.GET : method === "GET" || method === "POST" ? route[method] : undefined;
  if (handler !== undefined) return { type: "found", handler, isPublic: route.isPublic === true };
  const allow = [route.GET === undefined ? "" : "GET, HEAD", route.POST === undefined ? "" : "POST"];
  return { type: "wrong-method", allow: allow.filter((name) => name !== "").join(", ") };
}
