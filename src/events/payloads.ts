import { z } from 'zod';

// Objects are loose on purpose: a source may send more fields than are known here, and they reach the receiver.
// Values from the telephone network are passed on as any string: a sender may be `SUPPORT` or `anonymous`.

/** RFC 3339 with offset, any precision. Stricter in two points: no leap second, and `T` and `Z` are capitals. */
const time = (meaning: string) => z.iso.datetime({ offset: true }).describe(meaning);

const callSid = z
  .string()
  .min(1)
  .describe(
    "The call's ID, the same in all events of the call; a later call may have the same ID, but its event IDs differ",
  );
const messageSid = z
  .string()
  .min(1)
  .describe(
    "The provider's ID of the message, the same in all its events; our own ID if the message never reached the provider",
  );
const callDirection = z
  .enum(['inbound', 'outbound'])
  .describe('`inbound` for a call to the tenant, `outbound` for a call placed by the tenant');
const caller = z
  .string()
  .describe('The caller as shown by the network: usually an E.164 number, but it can be text such as `anonymous`');
const callee = z
  .string()
  .describe('The party called: usually an E.164 number, but it can be a SIP address or an extension');
const messageId = z.string().optional().describe("The message's ID for `GET /v1/messages/:id`");
const sender = z.string().describe('The sender: an E.164 number, a short code, or a name such as `SUPPORT`');
const recipient = z.string().describe('The recipient, usually an E.164 number');

export const callInitiated = z.looseObject({
  call_sid: callSid,
  direction: callDirection,
  from: caller,
  to: callee,
  status: z.literal('initiated').describe('State of the call'),
  timestamp: time('When the call was created'),
});

export const callAnswered = z.looseObject({
  call_sid: callSid,
  from: caller,
  to: callee,
  status: z.literal('in-progress').describe('State of the call'),
  answered_at: time('When the call was answered'),
});

export const callCompleted = z.looseObject({
  call_sid: callSid,
  from: caller,
  to: callee,
  direction: callDirection,
  status: z
    .enum(['completed', 'no-answer', 'busy', 'failed', 'canceled'])
    .describe('How the call ended; `completed` means that it was answered'),
  hangup_cause: z
    .string()
    .describe(
      "Why the call ended: the switch's cause, such as `NORMAL_CLEARING` or `USER_BUSY`, or our own `SWITCH_RESTARTED` or `ENDED_UNSEEN` if we did not see the end",
    ),
  duration_seconds: z.number().min(0).describe('Seconds from answer to hang-up; 0 if the call was never answered'),
  started_at: time('When the call was created'),
  answered_at: z.iso
    .datetime({ offset: true })
    .nullable()
    .optional()
    .describe('When the call was answered; null if it never was'),
  ended_at: time('When the call ended'),
  ended_at_estimated: z
    .boolean()
    .optional()
    .describe(
      'True if we did not see the end: `ended_at` is then the latest time at which the call can have been active',
    ),
});

export const callDtmf = z.looseObject({
  call_sid: callSid,
  digit: z
    .string()
    .regex(/^[0-9A-D*#]$/)
    .describe('The key pressed: one of `0`-`9`, `A`-`D`, `*`, `#` (RFC 4733, section 3.2)'),
  timestamp: time('When the key was pressed'),
});

export const callRecordingCompleted = z.looseObject({
  call_sid: callSid,
  recording_url: z.string().describe('URL from which the recording can be downloaded'),
  duration_seconds: z.number().min(0).nullable().describe('Length of the recording in seconds; null if unknown'),
  size_bytes: z.int().min(0).nullable().describe('Size of the file in bytes; null if unknown'),
  format: z.string().describe('Format of the file, such as `wav`'),
  created_at: time('When the recording was stored'),
});

export const smsSent = z.looseObject({
  message_sid: messageSid,
  from: sender.describe(
    'The sender: an E.164 number, a short code, a name, or the Messaging Service (`MG…`) that chooses the number',
  ),
  to: recipient,
  body: z.string().nullable().optional().describe('The text; null or absent if the message has only media'),
  media_urls: z
    .array(z.string())
    // Checked before the elements: a hundred thousand wrong ones take a second.
    .max(1_000)
    .nullable()
    .optional()
    .describe('URLs of the media; null or absent if there are none'),
  direction: z.literal('outbound').describe('Always `outbound`'),
  status: z
    .literal('sent')
    .describe('Always `sent`, even if the provider has only queued the message: see `provider_status`'),
  provider_status: z
    .string()
    .optional()
    .describe("The provider's status of the message at that moment, such as `queued` or `accepted`"),
  segments: z.int().min(0).describe('Estimated number of SMS segments of the text'),
  timestamp: time('When the provider accepted the message'),
  message_id: messageId,
});

export const smsReceived = z.looseObject({
  message_sid: messageSid,
  from: sender,
  to: recipient,
  body: z.string().describe('The text as received; may be empty'),
  media_count: z.int().min(0).describe('Number of attached media files'),
  direction: z.literal('inbound').describe('Always `inbound`'),
  received_at: time('When we received the message'),
  message_id: messageId,
});

const errorCode = z
  .union([z.string(), z.int()])
  .nullable()
  .describe("The provider's error code, such as `30003`, as a string or a number; null if there is none");

export const smsDelivered = z.looseObject({
  message_sid: messageSid,
  status: z.literal('delivered').describe('Always `delivered`'),
  error_code: errorCode,
  timestamp: time('When the provider reported it'),
  message_id: messageId,
});

export const smsFailed = z.looseObject({
  message_sid: messageSid,
  status: z
    .enum(['failed', 'undelivered'])
    .describe('`failed`: it was never sent; `undelivered`: it was sent, but not delivered'),
  error_code: errorCode,
  timestamp: time('When the provider reported it'),
  message_id: messageId,
});

const usage = {
  resource: z.string().min(1).describe('The limited resource, such as `call_minutes`'),
  current: z.number().min(0).describe("Usage so far in the period, in the resource's unit: minutes for `call_minutes`"),
  limit: z.number().min(0).describe('The limit for the period, in the same unit'),
  month: z.string().optional().describe('The period: a month in UTC, such as `2025-10`'),
};

const limitTime = time(
  'When the usage reached this level, or when the limit was set so low that it was already reached',
);

export const tenantLimitWarning = z.looseObject({
  ...usage,
  percent_used: z
    .number()
    .min(0)
    .describe('`current` as a percentage of `limit`; may be over 100, and is 100 if the limit is 0'),
  timestamp: limitTime,
});

export const tenantLimitReached = z.looseObject({
  ...usage,
  timestamp: limitTime,
});

export const phoneNumberAssigned = z.looseObject({
  phone_number: z.string().min(1).describe('An E.164 number or a short code'),
  assigned_at: time('When the number was assigned'),
});

/** Of the events about a webhook's health. */
export const webhookHealth = z.looseObject({
  webhook_id: z.int().describe('The webhook whose health changed'),
  url: z.string().describe('Its url'),
  since: time('When its health changed'),
  reason: z.string().describe('Why, as a sentence; for people'),
  consecutive_failures: z.int().min(0).describe('Deliveries that failed since the last success'),
});

export const webhookTest = z.looseObject({
  message: z.string().describe('A sentence for anyone who reads the log'),
  webhook_id: z.int().optional().describe('The webhook under test'),
});
