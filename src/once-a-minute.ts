const minuteMs = 60_000;

/** For a state that lasts: its line is logged immediately, then once a minute; a new state is logged immediately. */
export class OnceAMinute {
  readonly #loggedAtMs = new Map<string, number>();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether the line of this state is due. */
  isDue(state: string): boolean {
    const loggedAtMs = this.#loggedAtMs.get(state);
    if (loggedAtMs !== undefined && this.now() - loggedAtMs < minuteMs) return false;
    this.#loggedAtMs.set(state, this.now());
    return true;
  }

  /** All states but these are over. Returns the ones that have just ended. */
  keepOnly(states: readonly string[]): string[] {
    const over = [...this.#loggedAtMs.keys()].filter((state) => !states.includes(state));
    for (const state of over) this.#loggedAtMs.delete(state);
    return over;
  }
}
