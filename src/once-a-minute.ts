const minuteMs = 60_000;

/** For a state that lasts: its line comes at once, then once a minute, and at once again when the state is another. */
export class OnceAMinute {
  readonly #saidAtMs = new Map<string, number>();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether the line of this state is due. */
  isDue(state: string): boolean {
    const saidAtMs = this.#saidAtMs.get(state);
    if (saidAtMs !== undefined && this.now() - saidAtMs < minuteMs) return false;
    this.#saidAtMs.set(state, this.now());
    return true;
  }

  /** All states but these are over. Answers those that were and are not any more. */
  keepOnly(states: readonly string[]): string[] {
    const over = [...this.#saidAtMs.keys()].filter((state) => !states.includes(state));
    for (const state of over) this.#saidAtMs.delete(state);
    return over;
  }
}
