/** A `Client` of @temporalio/client, typed by its shape, so that users of REST need no types of Temporal. */
export interface TemporalClient {
  readonly connection: object;
  readonly workflow: object;
  readonly options: { readonly namespace: string };
}

export interface TemporalSourceOptions {
  /** Connected to the namespace of the webhook service. Its own data converter is not used. */
  temporal: TemporalClient;
  /** `IRISX_EVENT_KEYS` of the service, or some of its keys: the first one seals. A secret. */
  eventKeys: string;
  /** `TEMPORAL_TASK_QUEUE` of the service; default `irisx-webhooks`. */
  taskQueue?: string;
  /** How long to try a trigger while Temporal is away; default 30 s. */
  deadlineMs?: number;
}
