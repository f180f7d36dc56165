import type { DeliveryStatus } from '../../src/db/deliveries.js';

/** How a delivery ended, with a line for operators. Holds nothing of the tenant's data. */
export interface DeliveryEnd {
  status: Exclude<DeliveryStatus, 'pending'>;
  message: string;
}

/**
 * What became of an attempt. Results are stored in Temporal's history in plain text: they hold no answer of a receiver.
 * Whoever gets a `waitMs` waits for that long, or until it is woken, and plans again.
 */
export type AttemptResult =
  /** Nothing is left to do: delivered or given up by this attempt, or ended before it. */
  | ({ kind: 'ended' } & DeliveryEnd)
  /** The receiver failed, this is recorded, and attempts are left. */
  | { kind: 'failed'; waitMs: number; attempt: number; failure: string }
  /** No request was made: no token, another request is open, or the settings changed. */
  | { kind: 'refused'; waitMs: number; reason: string }
  /** The request was made and has no answer yet. Its process records it and then wakes the workflow. */
  | { kind: 'open'; waitMs: number }
  /** The request was made and Postgres did not take its record, which is sealed here. */
  | { kind: 'unrecorded'; sealedRecord: string };
