import type { Turn } from './turn.js';

/**
 * Between whoever starts workflows and the activity that carries out their first attempt in the same process: so that
 * only as many are begun as the process works on, and the others wait where their turn can still be chosen.
 */
export class FirstAttempts {
  readonly #expected = new Map<string, Turn>();

  /** Until the turn ends. */
  expect(deliveryId: string, turn: Turn): void {
    this.#expected.set(deliveryId, turn);
    void turn.ended.then(() => {
      // Started a second time meanwhile, it is the other's.
      if (this.#expected.get(deliveryId) === turn) this.#expected.delete(deliveryId);
    });
  }

  /** Undefined for an attempt that nobody expects. */
  turnOf(deliveryId: string): Turn | undefined {
    return this.#expected.get(deliveryId);
  }
}
