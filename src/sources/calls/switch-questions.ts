import { setTimeout as delay } from 'node:timers/promises';
import { readChannelList } from './gone-calls.js';
import type { SwitchConnection } from './switch-connection.js';

/** What one connection is asked, one question at a time: answers are matched by order alone. */
export class SwitchQuestions {
  readonly #over = new AbortController();
  #asking: Promise<string | null> | undefined;
  #listing: Promise<ReadonlySet<string> | null> | undefined;

  /** `onNoList`: the switch gave no list, and is still there. */
  constructor(
    private readonly connection: SwitchConnection,
    private readonly answerWithinMs: number,
    private readonly onNoList: () => void,
  ) {
    void connection.ended.then(() => this.#over.abort());
  }

  /** The uuids of the channels that are up; null: no answer, or an earlier question has none yet. Whoever asks meanwhile shares it. */
  listChannels(): Promise<ReadonlySet<string> | null> {
    return (this.#listing ??= this.#list().finally(() => (this.#listing = undefined)));
  }

  /** The run of the switch, which it says with every event too; null: no answer. */
  async coreUuid(): Promise<string | null> {
    const answer = (await this.#ask('global_getvar core_uuid'))?.trim() ?? '';
    return /^(?!-)[\x21-\x7e]{1,100}$/.test(answer) ? answer : null;
  }

  async #list(): Promise<ReadonlySet<string> | null> {
    if (this.#asking) return null;
    const answer = await this.#ask('show channels as json');
    const listed = answer === null ? null : readChannelList(answer);
    if (!listed && !this.#over.signal.aborted) this.onNoList();
    return listed;
  }

  async #ask(command: string): Promise<string | null> {
    // A second question before the first is answered would get the first one's answer.
    if (this.#asking) return null;
    this.#asking = this.connection.ask(command).finally(() => (this.#asking = undefined));
    const patience = delay(this.answerWithinMs, null, { signal: this.#over.signal }).catch(() => null);
    return Promise.race([this.#asking, patience]);
  }
}
