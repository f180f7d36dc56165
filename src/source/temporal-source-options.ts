/** A `Client` of @temporalio/client, told by its shape: whoever speaks REST needs no types of Temporal. */
export interface TemporalClient {
  readonly connection: object;
  readonly workflow: object;
  readonly options: { readonly namespace: string };
}

export interface TemporalSourceOptions {
  /** Connected to the namespace of the webhook service. Its own data converter is not used. */
  temporal: TemporalClient;
  /** `IRISX_EVENT_KEYS` of the service, or those of its keys that this source has: the first one seals. A secret. */
  eventKeys: string;
  /** `TEMPORAL_TASK_QUEUE` of the service; default `irisx-webhooks`. */
  taskQueue?: string;
  /** How long a trigger is tried while Temporal is away; default 30 s. */
  deadlineMs?: number;
}
