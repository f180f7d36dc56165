import { Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { TemporalConfig } from '../config/temporal.js';

const options = (temporal: TemporalConfig) => ({
  address: temporal.address,
  tls: temporal.tls,
  apiKey: temporal.apiKey,
});

/** A connection for clients only. It connects at the first call, and gives up on a refused call after half a second. */
export const connectClient = (temporal: TemporalConfig): Connection =>
  Connection.lazy({
    ...options(temporal),
    // By default, once Temporal has been away for some minutes, it would reconnect only every two minutes.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 500, 'grpc.max_reconnect_backoff_ms': 2_000 },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  });

/** A connection for workers, and for clients that start workflows eagerly on them. Rejects while Temporal is away. */
export const connectWorker = (temporal: TemporalConfig): Promise<NativeConnection> =>
  NativeConnection.connect(options(temporal));
