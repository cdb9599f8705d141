import { RedisClient } from "bun";
import { reasonOf } from "../lib/errors.ts";
import { authorities, diagnose } from "./diagnose.ts";
import { refusalOf, refusalOfKind, SharedStoreError, unreachable } from "./shared-store-error.ts";

export interface LinkOptions {
  /** `redis://` or `rediss://`, with user and password where it needs them. */
  readonly url: string;
  /** Certificate authorities to trust besides the built-in ones, in PEM. */
  readonly ca: string | null;
  /** For connecting and for each command; the client itself has no time-out for commands. */
  readonly timeoutMs: number;
  /** The data only saves work, so the server may evict keys when its memory is full. */
  readonly isCache?: boolean;
}

type Reply = readonly (string | number)[];

/** The address without user and password. */
export function shownAddress(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/**
 * A connection to one Redis or Valkey server. A command that times out ends the connection, so that its late answer
 * is not taken for another command's; the next command connects again.
 */
export class Link implements Disposable {
  readonly #options: LinkOptions;
  readonly #digests = new Map<string, string>();
  #client: RedisClient | null = null;
  #name: string | null = null;
  #opening: Promise<RedisClient> | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The address without user and password. */
  get address(): string {
    return shownAddress(this.#options.url);
  }

  /**
   * Connects, unless it is connected.
   *
   * @throws SharedStoreError
   */
  async open(): Promise<void> {
    await this.#connected();
  }

  /**
   * Runs a script.
   *
   * @throws SharedStoreError
   */
  async run(script: string, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    const tail = [`${keys.length}`, ...keys, ...args];
    const client = await this.#connected();
    try {
      return await this.#command(client, "EVALSHA", [this.#digest(script), ...tail]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT"))
        throw this.#explain(error, client);
    }
    try {
      return await this.#command(client, "EVAL", [script, ...tail]);
    } catch (error) {
      throw this.#explain(error, client);
    }
  }

  /**
   * Names this connection, and later ones that replace it, so that others find the name in `names`. Does nothing if the
   * user has no right to CLIENT SETNAME.
   *
   * @param name without spaces.
   * @throws SharedStoreError
   */
  async name(name: string): Promise<void> {
    this.#name = name;
    await this.#ask("CLIENT", ["SETNAME", name]);
  }

  /**
   * The names of all connections to the database, including this one; none if the user has no right to CLIENT LIST.
   *
   * @throws SharedStoreError
   */
  async names(): Promise<readonly string[]> {
    const list = (await this.#ask("CLIENT", ["LIST"])) ?? "";
    const database = new URL(this.#options.url).pathname.slice(1) || "0";
    return list.split("\n").flatMap((line) => {
      const fields = new Map(line.split(" ").map((field) => field.split("=", 2) as [string, string]));
      const name = fields.get("name") ?? "";
      return name !== "" && fields.get("db") === database ? [name] : [];
    });
  }

  /** The reply to an optional command; null if it is refused. */
  async #ask(command: string, args: string[]): Promise<string | null> {
    const client = await this.#connected();
    try {
      return String(await this.#bounded(client.send(command, args)));
    } catch (error) {
      if (client.connected && !(error instanceof SharedStoreError)) return null;
      throw this.#explain(error, client);
    }
  }

  #digest(script: string): string {
    let digest = this.#digests.get(script);
    if (digest === undefined) {
      digest = new Bun.CryptoHasher("sha1").update(script).digest("hex");
      this.#digests.set(script, digest);
    }
    return digest;
  }

  async #command(client: RedisClient, name: string, args: string[]): Promise<Reply> {
    const reply: unknown = await this.#bounded(client.send(name, args));
    return Array.isArray(reply) ? (reply as Reply) : [];
  }

  async #connected(): Promise<RedisClient> {
    if (this.#client?.connected === true) return this.#client;
    this.#opening ??= this.#connect().finally(() => (this.#opening = null));
    return await this.#opening;
  }

  async #connect(): Promise<RedisClient> {
    const { url, ca, timeoutMs, isCache = false } = this.#options;
    const trusted = authorities(ca);
    const client = new RedisClient(url, {
      autoReconnect: false,
      enableOfflineQueue: false,
      connectionTimeout: timeoutMs,
      ...(trusted === undefined ? {} : { tls: { ca: trusted } }),
    });
    try {
      await this.#bounded(client.connect());
    } catch {
      client.close();
      throw await diagnose({ url: new URL(url), ca }, timeoutMs);
    }
    try {
      // INFO takes several sections only from Redis 7 on.
      const sections = ["server", "replication", ...(isCache ? [] : ["memory"])];
      let info = "";
      for (const section of sections)
        info += `${String(await this.#bounded(client.send("INFO", [section])))}\n`;
      const refusal = refusalOfKind(info);
      if (refusal !== null) throw refusal;
      if (this.#name !== null)
        await this.#bounded(client.send("CLIENT", ["SETNAME", this.#name])).catch(() => undefined);
    } catch (error) {
      client.close();
      throw this.#explain(error, client);
    }
    this.#client = client;
    return client;
  }

  async #bounded<T>(work: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(unreachable(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connection, so that a late answer is not taken for another command's. */
  #explain(error: unknown, client: RedisClient): SharedStoreError {
    client.close();
    if (this.#client === client) this.#client = null;
    if (error instanceof SharedStoreError) return error;
    // Redis adds which script it was: ` script: 8259d6…, on @user_script:23.`
    const reason = reasonOf(error).replace(/\.? script: [0-9a-f]{40}, on @user_script:\d+\.?$/, "");
    return (
      refusalOf(reason) ?? unreachable(reason === "Connection closed" ? "the connection was lost" : reason)
    );
  }

  [Symbol.dispose](): void {
    this.#client?.close();
    this.#client = null;
  }
}
