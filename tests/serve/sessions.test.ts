import { expect, test } from "bun:test";
import { Sessions } from "../../src/serve/sessions.ts";

const TOKEN = "correct horse battery";

function sessions(token: string | null = TOKEN): { of: Sessions; clock: { nowMs: number } } {
  const clock = { nowMs: 1_000 };
  return { of: new Sessions({ token, isSecure: true, now: () => clock.nowMs }), clock };
}

const bearer = (token: string): Headers => new Headers({ authorization: `Bearer ${token}` });

const [a, b] = ["a", "b"].map((address) => () => address) as [() => string, () => string];

test("without a token everybody may", () => {
  expect(sessions(null).of.access(new Headers(), a)).toEqual({ type: "in" });
});

test("the token in a header, and a session that it has opened, and nothing else", () => {
  const { of, clock } = sessions();
  expect(of.access(new Headers(), a)).toEqual({ type: "wrong" });
  expect(of.access(bearer(TOKEN), a)).toEqual({ type: "in" });
  expect(of.access(bearer(`${TOKEN} `), a)).toEqual({ type: "in" });
  const login = of.login(TOKEN, "a");
  if (login.type !== "in") throw new Error("the right token was refused");
  expect(login.cookie).toMatch(
    /^nodupe_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/,
  );
  expect(login.cookie).not.toContain(TOKEN);
  const cookie = login.cookie.split(";")[0] ?? "";
  const headers = new Headers({ cookie: `other=1; ${cookie}` });
  expect(of.access(headers, a)).toEqual({ type: "in" });
  expect(of.access(new Headers({ cookie: `${cookie}x` }), b)).toEqual({ type: "wrong" });
  clock.nowMs += 12 * 3_600_000 + 1;
  expect(of.access(headers, a)).toEqual({ type: "wrong" });
});

test("a session ends when it is asked to", () => {
  const { of } = sessions();
  const login = of.login(TOKEN, "a");
  const headers = new Headers({ cookie: login.type === "in" ? login.cookie : "" });
  expect(of.access(headers, a)).toEqual({ type: "in" });
  of.logout(headers);
  expect(of.access(headers, a)).toEqual({ type: "wrong" });
});

test("after five wrong tokens an address waits a minute, the right one included; others do not", () => {
  const { of, clock } = sessions();
  for (let guess = 0; guess < 5; guess += 1) {
    expect(of.login(`wrong ${guess}`, "a")).toEqual({ type: "wrong" });
    clock.nowMs += 1_000;
  }
  expect(of.login(TOKEN, "a")).toEqual({ type: "wait", seconds: 55 });
  expect(of.access(bearer(TOKEN), a)).toEqual({ type: "wait", seconds: 55 });
  expect(of.login(TOKEN, "b").type).toBe("in");
  clock.nowMs += 55_001;
  expect(of.login(TOKEN, "a").type).toBe("in");
});

test("many addresses that guess are held back together", () => {
  const { of } = sessions();
  for (let guess = 0; guess < 50; guess += 1) of.login("wrong", `address ${guess}`);
  expect(of.login(TOKEN, "another").type).toBe("wait");
});
