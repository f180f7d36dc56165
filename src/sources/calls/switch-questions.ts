import { setTimeout as delay } from 'node:timers/promises';
import { readChannelList } from './gone-calls.js';
import type { SwitchConnection } from './switch-connection.js';

/** Commands to one connection, one at a time: replies are matched by order alone. */
export class SwitchQuestions {
  readonly #over = new AbortController();
  #asking: Promise<string | null> | undefined;
  #listing: Promise<ReadonlySet<string> | null> | undefined;

  /** `onNoList`: called if the switch gave no list although it is still connected. */
  constructor(
    private readonly connection: SwitchConnection,
    private readonly replyTimeoutMs: number,
    private readonly onNoList: () => void,
  ) {
    void connection.ended.then(() => this.#over.abort());
  }

  /**
   * The uuids of the channels that are up; null: no reply, or an earlier command is still waiting for one. Concurrent
   * callers share one request.
   */
  listChannels(): Promise<ReadonlySet<string> | null> {
    return (this.#listing ??= this.#list().finally(() => (this.#listing = undefined)));
  }

  /** The run of the switch, which every event names too; null: no reply. */
  async coreUuid(): Promise<string | null> {
    const reply = (await this.#ask('global_getvar core_uuid'))?.trim() ?? '';
    return /^(?!-)[\x21-\x7e]{1,100}$/.test(reply) ? reply : null;
  }

  async #list(): Promise<ReadonlySet<string> | null> {
    if (this.#asking) return null;
    const reply = await this.#ask('show channels as json');
    const listed = reply === null ? null : readChannelList(reply);
    if (!listed && !this.#over.signal.aborted) this.onNoList();
    return listed;
  }

  async #ask(command: string): Promise<string | null> {
    // A second command sent before the first reply would get the first one's reply.
    if (this.#asking) return null;
    this.#asking = this.connection.ask(command).finally(() => (this.#asking = undefined));
    const timedOut = delay(this.replyTimeoutMs, null, { signal: this.#over.signal }).catch(() => null);
    return Promise.race([this.#asking, timedOut]);
  }
}
