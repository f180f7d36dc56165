import { BackgroundShare } from './background-share.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { Turn } from './turn.js';

/** Prompt: of a webhook that has little to do. Backlog: what can wait, since it waits for its own kind. */
export type Urgency = 'prompt' | 'backlog';
/** Begins the next piece of work, if there is one, as the turn that `begin` gives; says whether there was. */
export type Side = (begin: () => Turn) => boolean;

/** So much prompt work at once, beyond what the process works on without anything queueing. */
const promptRoom = 20;
/** With no prompt work for so long, the backlog has the process for itself. */
const promptMemoryMs = 1_000;
/** Whoever entered and waited for so long for a turn has it. */
const longestWaitMs = 3_000;

/**
 * How much this process begins at once. Prompt work begins at once, whatever else there is. A backlog takes all that
 * the process and what is behind it keep up with as long as it is alone, and beside prompt work only what that does not
 * feel: everything shares the same processors, and whatever is begun stands before all that comes after.
 */
export class Pace {
  readonly #limit = new ConcurrencyLimit({ queued: [6, 12] });
  readonly #share = new BackgroundShare();
  readonly #sides: Record<Urgency, Side[]> = { prompt: [], backlog: [] };
  readonly #underWay: Record<Urgency, number> = { prompt: 0, backlog: 0 };
  readonly #entering: ((turn: Turn) => void)[] = [];
  readonly #roomSeekers = new Set<() => void>();
  #promptAtMs = -Infinity;
  #rest: NodeJS.Timeout | undefined;

  constructor() {
    this.join('backlog', (begin) => {
      const enter = this.#entering.shift();
      enter?.(begin());
      return enter !== undefined;
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
    if (this.#entering.length === 0) for (const go of this.#roomSeekers) go();
  }

  /** Resolves with a turn of the backlog, after 3 s at the latest. The turn is to be ended. */
  enter(): Promise<Turn> {
    return new Promise((resolve) => {
      const enter = (turn: Turn): void => {
        clearTimeout(timer);
        resolve(turn);
      };
      const timer = setTimeout(() => {
        this.#entering.splice(this.#entering.indexOf(enter), 1);
        enter(this.#begin('backlog'));
      }, longestWaitMs).unref();
      this.#entering.push(enter);
      this.next();
    });
  }

  /** Resolves when nobody who entered waits for a turn. Rejects with the signal's reason. */
  async nobodyWaits(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#entering.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        this.#roomSeekers.delete(go);
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        this.#roomSeekers.delete(go);
        reject(signal.reason as Error);
      };
      this.#roomSeekers.add(go);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** A piece of work took so long until its request was out; only such may be recorded as can be compared. */
  record(urgency: Urgency, durationMs: number): void {
    this.#limit.record(durationMs, this.#underWay.prompt + this.#underWay.backlog);
    if (urgency === 'prompt') this.#share.record(durationMs);
  }

  #serve(urgency: Urgency): void {
    const sides = this.#sides[urgency];
    for (let idle = 0; idle < sides.length && this.#hasRoom(urgency);) {
      const side = sides.shift()!;
      sides.push(side);
      idle = side(() => this.#begin(urgency)) ? 0 : idle + 1;
    }
  }

  #hasRoom(urgency: Urgency): boolean {
    const underWay = this.#underWay.prompt + this.#underWay.backlog;
    if (urgency === 'prompt') return underWay < this.#limit.value + promptRoom;
    if (!this.#isShared()) return underWay < this.#limit.value;
    return !this.#rest && this.#underWay.backlog < Math.max(1, Math.floor(this.#share.value));
  }

  #isShared(): boolean {
    return performance.now() - this.#promptAtMs < promptMemoryMs;
  }

  #begin(urgency: Urgency): Turn {
    this.#underWay[urgency]++;
    if (urgency === 'prompt') this.#promptAtMs = performance.now();
    const turn = new Turn();
    void turn.ended.then(() => {
      this.#underWay[urgency]--;
      if (urgency === 'backlog' && this.#isShared() && this.#share.value < 1)
        this.#restFor(turn.ageMs * (1 / this.#share.value - 1));
      this.next();
    });
    return turn;
  }

  #restFor(ms: number): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
      this.next();
    }, ms).unref();
  }
}
