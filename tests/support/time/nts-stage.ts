import { type Authority, createAuthority, type IssueOptions } from "../net/authority.ts";
import { type NtsChronyd, startNtsChronyd } from "./chronyd.ts";
import { type NtsServer, ntsServer, type NtsServerOptions } from "./nts-server.ts";
import { type TempFolder, tempFolder } from "../temp.ts";
import { nodupeTime, type TimeRun } from "./time-result.ts";

/** An authority, key exchange servers certified by it, and a store. */
export class NtsStage implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly authority: Authority;
  readonly #stack = new AsyncDisposableStack();

  private constructor(folder: TempFolder, authority: Authority) {
    this.folder = this.#stack.use(folder);
    this.authority = authority;
  }

  static async open(): Promise<NtsStage> {
    const folder = tempFolder();
    return new NtsStage(folder, await createAuthority(folder, "authority"));
  }

  use<T extends Disposable | AsyncDisposable>(made: T): T {
    return this.#stack.use(made);
  }

  async chronyd(name: string, extra: readonly string[] = []): Promise<NtsChronyd> {
    return this.use(await startNtsChronyd(await this.authority.issue(name), extra));
  }

  /** @param issuer by default the stage's own authority. */
  async server(
    name: string,
    options: Omit<NtsServerOptions, "tls"> & {
      readonly certificate?: IssueOptions;
      readonly issuer?: Authority;
    } = {},
  ): Promise<NtsServer> {
    const { certificate, issuer = this.authority, ...rest } = options;
    return this.use(await ntsServer({ tls: await issuer.issue(name, certificate), ...rest }));
  }

  arguments(names: readonly string[], ...more: readonly string[]): string[] {
    const servers = names.flatMap((name) => ["--server", name]);
    return [
      "--nts",
      "--nts-ca",
      this.authority.path,
      "--db",
      this.folder.file("nodupe.db"),
      ...servers,
      ...more,
    ];
  }

  time(names: readonly string[], ...more: readonly string[]): Promise<TimeRun> {
    return nodupeTime(this.arguments(names, ...more));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
