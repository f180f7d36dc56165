import type { Client } from '@temporalio/client';
import type { StartOptions, StartResult } from './start-workflows.js';

/** A client, and how it starts workflows. */
export interface Connection {
  client: Client;
  options: StartOptions;
}

/** A call that waits for its permit. */
export interface Start {
  kind: 'delivery' | 'message' | 'batches';
  id: string;
  tenantId: string;
  key: string;
  /** Whether a request of its webhook is slow now. */
  isSlow?: () => boolean;
  sinceMs: number;
  call: (client: Client, options: StartOptions) => Promise<StartResult>;
  /** Set if a caller waits for it: it is then neither dropped after a long wait nor retried. */
  done?: (result: StartResult | Error) => void;
  /** It is given up without having been called. */
  dropped?: () => void;
}
