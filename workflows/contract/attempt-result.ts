import type { DeliveryStatus } from '../../src/db/deliveries.js';

/**
 * How a delivery ended, with a line for operators. Holds nothing of the tenant's data. `pending`: it waits for its turn or
 * for a batch; whoever ends the delivery before it, or leaves it to itself, starts its workflow again.
 */
export interface DeliveryEnd {
  status: DeliveryStatus;
  message: string;
  /** How many a batch is; absent: one. */
  deliveries?: number;
}

/** An earlier event of its ordering key has not ended. */
export const awaitsTurn = {
  kind: 'ended',
  status: 'pending',
  message: 'waits for its turn: an earlier event of its ordering key has not ended',
} as const;

/** It is sent with others, by its batch's workflow. */
export const awaitsBatch = { kind: 'ended', status: 'pending', message: 'is sent in a batch' } as const;

/** A wait, as operators see it in the Web UI. Stored in plain text: of a url it names only the host. */
export interface Waiting {
  waitMs: number;
  /** Why it waits. */
  reason: string;
  /** Where the delivery is sent, how often it was, and the last answer; absent: as said before. */
  about?: string;
}

/**
 * What became of an attempt. Temporal's history stores results in plain text, so they hold nothing of a receiver's
 * response but its status. Given a `waitMs`, the workflow waits for that long, or until it is woken, and plans again.
 */
export type AttemptResult =
  /** Nothing is left to do: this attempt delivered it or was the last, or the delivery had ended before. */
  | ({ kind: 'ended' } & DeliveryEnd)
  /** The receiver failed, this is recorded, and attempts are left. */
  | ({ kind: 'failed'; attempt: number; failure: string } & Waiting)
  /** No request was made: no token, another request is open, or the settings changed. */
  | ({ kind: 'refused' } & Waiting)
  /** The request was made and has no response yet. Its process records it and then wakes the workflow. */
  | ({ kind: 'open' } & Waiting)
  /** The request was made and Postgres did not take its record, which is sealed here. */
  | { kind: 'unrecorded'; sealedRecord: string };
