import type { Attempt, DeliveryDetail, Webhook } from '../../../src/client/api-types.js';

/** A delivery as the API shows it, failed with 503 at its second attempt unless the parts say otherwise. */
export const delivery = (parts: Partial<DeliveryDetail> = {}): DeliveryDetail => ({
  id: '0199f2b4-7b12-7f01-8c4d-9e8f7a6b5c4d',
  webhook_id: 3,
  event_type: 'call.dtmf',
  event_id: 'call-1-key-1',
  status: 'failed',
  test: false,
  attempt_count: 2,
  next_attempt_at: null,
  in_flight: false,
  attempt_started_at: null,
  created_at: '2025-10-29T12:00:00.000Z',
  finished_at: null,
  expunged_at: null,
  ordering_key: null,
  sequence: null,
  expires_at: null,
  batch_id: null,
  request_body_differs: false,
  status_code: 503,
  duration_ms: 40,
  response_body: null,
  response_body_truncated: false,
  error: { class: 'http_status', message: 'The receiver answered 503; only 2xx is success.' },
  body: '{"event":"call.dtmf"}',
  attempts: [],
  attempts_next_cursor: null,
  ...parts,
});

/** A delivery of which nothing was sent yet. */
export const unsent = (parts: Partial<DeliveryDetail> = {}): DeliveryDetail =>
  delivery({ status: 'pending', attempt_count: 0, status_code: null, duration_ms: null, error: null, ...parts });

export const attempt = (parts: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  target: 'primary',
  started_at: '2025-10-29T12:00:00.050Z',
  duration_ms: 100,
  status_code: 503,
  request_headers: { 'X-IRISX-Attempt': '1' },
  response_headers: {},
  response_body: 'no',
  response_truncated: false,
  error: null,
  ...parts,
});

/** The settings of a webhook that the pages look at. */
export const webhook = (parts: Partial<Webhook> = {}): Webhook =>
  ({
    id: 3,
    url: 'https://example.com/hook',
    ordering: 'none',
    batch: null,
    timeout_ms: 10_000,
    retry_schedule: [1, 2, 4, 8, 16],
    rate_limit_per_minute: 60,
    rate_limit_per_hour: 1_000,
    verification: { status: 'none', verified_at: null, last_error: null },
    enabled: true,
    disabled_reason: null,
    ...parts,
  }) as Webhook;
