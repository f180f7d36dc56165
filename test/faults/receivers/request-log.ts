/** What a receiver saw of one request. Times are epoch milliseconds of the receivers' process. */
export interface ReceivedRequest {
  /** The receiver's name. */
  receiver: string;
  /** Path of the url: which webhook it was sent for. */
  path: string;
  /** The head had arrived. */
  beganAt: number;
  /** Answered in full, or closed by whichever side. */
  endedAt: number;
  /** `answered`: in full. `closed`: by the sender, before. `reset`: by the receiver, on purpose. `open`: still was, at the end. */
  end: 'answered' | 'closed' | 'reset' | 'open';
  /** What was answered. */
  status?: number;
  /** The whole body had arrived. */
  complete: boolean;
  deliveryId: string;
  attempt: number;
  eventId: string;
  /** `webhook-id`: the event's. */
  messageId: string;
  timestamp: string;
  signature: string;
  previousSignature?: string;
  standardSignature: string;
  /** SHA-256 of the body; its text is in the log of bodies. */
  bodyHash: string;
  /** Of the process that sent it, where it could be told. */
  senderPid?: number;
  connection: number;
  /** From 1: how manieth request of its connection. */
  ofConnection: number;
}

/** What the receivers' process is told. */
export type ReceiverCommand =
  /** Answer badly, in the way of the receiver's kind, or well again. */
  | { command: 'mood'; receiver: string; isBad: boolean }
  /** Answer the next request 410, after a while. */
  | { command: 'gone'; receiver: string; afterMs: number }
  /** The processes that may be sending. */
  | { command: 'senders'; pids: number[] }
  /** Everybody answers well. */
  | { command: 'heal' }
  /** Say how many requests are open, and have everything in the log file. */
  | { command: 'flush'; number: number };

export type ReceiverMessage =
  { kind: 'listening'; urls: Record<string, string> } | { kind: 'flushed'; number: number; openRequests: number };

export const requestsFile = 'requests.jsonl';
export const bodiesFile = 'bodies.jsonl';
