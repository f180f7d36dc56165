/** What a receiver saw of one request. Times are epoch milliseconds by the receivers' process. */
export interface ReceivedRequest {
  /** The receiver's name. */
  receiver: string;
  /** The url's path, which identifies the webhook. */
  path: string;
  /** When the head had arrived. */
  beganAt: number;
  /** When it was answered in full, or closed by either side. */
  endedAt: number;
  /**
   * `answered`: in full. `closed`: by the sender, before that. `reset`: by the receiver, on purpose. `open`: still
   * open.
   */
  end: 'answered' | 'closed' | 'reset' | 'open';
  /** The status code sent. */
  status?: number;
  /** Whether the whole body had arrived. */
  complete: boolean;
  deliveryId: string;
  attempt: number;
  eventId: string;
  /** The `webhook-id` header, which identifies the event. */
  messageId: string;
  timestamp: string;
  signature: string;
  previousSignature?: string;
  standardSignature: string;
  /** SHA-256 of the body; its text is in the log of bodies. */
  bodyHash: string;
  /** The process that sent it, if it could be found out. */
  senderPid?: number;
  connection: number;
  /** The request's number on its connection, from 1. */
  ofConnection: number;
}

/** Commands to the receivers' process. */
export type ReceiverCommand =
  /** Respond badly, in the way of the receiver's kind, or well again. */
  | { command: 'mood'; receiver: string; isBad: boolean }
  /** Respond to the next request with 410, after a while. */
  | { command: 'gone'; receiver: string; afterMs: number }
  /** The processes that may be sending. */
  | { command: 'senders'; pids: number[] }
  /** All receivers respond well. */
  | { command: 'heal' }
  /** Write everything to the log file, and report how many requests are open. */
  | { command: 'flush'; number: number };

export type ReceiverMessage =
  { kind: 'listening'; urls: Record<string, string> } | { kind: 'flushed'; number: number; openRequests: number };

export const requestsFile = 'requests.jsonl';
export const bodiesFile = 'bodies.jsonl';
