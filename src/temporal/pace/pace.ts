import { BackgroundShare } from './background-share.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { Turn } from './turn.js';
import { Waiters } from './waiters.js';

/** Prompt: of a webhook that has little to do. Backlog: what can wait, since it waits for its own kind. */
export type Urgency = 'prompt' | 'backlog';

/** Where work waits in turn. */
export interface Side {
  /** Whose is the next piece: a webhook; undefined when there is none that can begin. */
  peek(): number | undefined;
  /** Begins the one that `peek` told. */
  begin(turn: Turn): void;
}

/** So much prompt work at once, beyond what the process works on without anything queueing. */
const promptRoom = 20;
/** So much prompt work at the begin of one and at its end together, and hardly any other was beside it. */
const fewPrompt = 3;
/** With no prompt work for so long, the backlog has the process for itself. */
const promptMemoryMs = 1_000;
/** Whoever entered and waited for so long for a turn has it; part of what an activity may take beyond its request. */
const longestWaitMs = 3_000;

interface Entering {
  webhookId: number;
  enter(turn: Turn): void;
}

/**
 * How much this process begins at once. Prompt work begins at once, whatever else there is. A backlog takes all that
 * the process and what is behind it keep up with as long as it is alone, and beside prompt work only what that does not
 * feel: everything shares the same processors, and whatever is begun stands before all that comes after.
 */
export class Pace {
  readonly #limit = new ConcurrencyLimit();
  readonly #share = new BackgroundShare();
  readonly #sides: Record<Urgency, Side[]> = { prompt: [], backlog: [] };
  readonly #underWay: Record<Urgency, number> = { prompt: 0, backlog: 0 };
  readonly #entering: Entering[] = [];
  readonly #noneEntering = new Waiters();
  /** The last webhook with prompt work, and when; and when another one than it had some. */
  #prompt = { webhookId: 0, atMs: -Infinity, otherAtMs: -Infinity };
  #rest: NodeJS.Timeout | undefined;

  constructor() {
    this.join('backlog', {
      peek: () => this.#entering[0]?.webhookId,
      begin: (turn) => this.#entering.shift()!.enter(turn),
    });
  }

  /** From now on this side is asked for work, in turn with the others. */
  join(urgency: Urgency, side: Side): void {
    this.#sides[urgency].push(side);
  }

  /** Begins as much as may begin now; to be called when a side has something new. */
  next(): void {
    this.#serve('prompt');
    this.#serve('backlog');
    if (this.#entering.length === 0) this.#noneEntering.wake();
  }

  /** Resolves with a turn of the backlog, after 3 s at the latest. The turn is to be ended. */
  enter(webhookId: number): Promise<Turn> {
    return new Promise((resolve) => {
      const entering: Entering = {
        webhookId,
        enter(turn) {
          clearTimeout(timer);
          resolve(turn);
        },
      };
      const timer = setTimeout(() => {
        this.#entering.splice(this.#entering.indexOf(entering), 1);
        entering.enter(this.#begin('backlog', webhookId));
      }, longestWaitMs).unref();
      this.#entering.push(entering);
      this.next();
    });
  }

  /** Resolves when nobody who entered waits for a turn. Rejects with the signal's reason. */
  async nobodyWaits(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#entering.length > 0) await this.#noneEntering.wait(signal);
  }

  /** A piece of work took so long until its request was out; only such may be recorded as can be compared. */
  record(urgency: Urgency, turn: Turn, durationMs: number): void {
    this.#limit.record(durationMs, this.#underWay.prompt + this.#underWay.backlog);
    // Many prompt ones hinder each other, which is no fault of the backlog.
    if (urgency === 'prompt' && turn.promptAtBegin + this.#underWay.prompt <= fewPrompt) this.#share.record(durationMs);
  }

  #serve(urgency: Urgency): void {
    const sides = this.#sides[urgency];
    for (let idle = 0; idle < sides.length;) {
      const side = sides.shift()!;
      sides.push(side);
      const webhookId = side.peek();
      if (webhookId === undefined || !this.#hasRoom(urgency, webhookId)) {
        idle++;
        continue;
      }
      side.begin(this.#begin(urgency, webhookId));
      idle = 0;
    }
  }

  #hasRoom(urgency: Urgency, webhookId: number): boolean {
    const underWay = this.#underWay.prompt + this.#underWay.backlog;
    if (urgency === 'prompt') return underWay < this.#limit.value + promptRoom;
    if (!this.#isShared(webhookId)) return underWay < this.#limit.value;
    return !this.#rest && this.#underWay.backlog < Math.max(1, Math.floor(this.#backlogShare));
  }

  /** Where there is much prompt work, the backlog goes on beside it, half as fast: it is not what hinders it. */
  get #backlogShare(): number {
    return Math.max(this.#share.value, (this.#underWay.prompt - 1) / 2);
  }

  /** Whether another webhook than this has prompt work. */
  #isShared(webhookId: number): boolean {
    const { webhookId: last, atMs, otherAtMs } = this.#prompt;
    return performance.now() - (webhookId === last ? otherAtMs : atMs) < promptMemoryMs;
  }

  #begin(urgency: Urgency, webhookId: number): Turn {
    this.#underWay[urgency]++;
    if (urgency === 'prompt') this.#notePrompt(webhookId);
    const turn = new Turn(this.#underWay.prompt);
    void turn.ended.then(() => {
      this.#underWay[urgency]--;
      if (urgency === 'backlog' && this.#isShared(webhookId) && this.#backlogShare < 1)
        this.#restFor(turn.ageMs * (1 / this.#backlogShare - 1));
      this.next();
    });
    return turn;
  }

  #notePrompt(webhookId: number): void {
    const { webhookId: last, atMs, otherAtMs } = this.#prompt;
    this.#prompt = { webhookId, atMs: performance.now(), otherAtMs: webhookId === last ? otherAtMs : atMs };
  }

  #restFor(ms: number): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
      this.next();
    }, ms).unref();
  }
}
