import { z } from 'zod';

// Objects are loose on purpose: a source may send more fields than are known here, and they reach the receiver.
// A value that only passes through from the telephone network is any string: a sender may be `SUPPORT` or `anonymous`.

/** RFC 3339 with offset, any precision. Stricter in two points: no leap second, and `T` and `Z` are capitals. */
const time = (meaning: string) => z.iso.datetime({ offset: true }).describe(meaning);

const callSid = z
  .string()
  .min(1)
  .describe("The call's ID, the same in all events of the call; a later call may use it again, with other event IDs");
const messageSid = z
  .string()
  .min(1)
  .describe("The provider's ID of the message, the same in all its events; ours where it never reached the provider");
const callDirection = z.enum(['inbound', 'outbound']).describe('Whether the call came in or was placed by the tenant');
const caller = z
  .string()
  .describe('Who calls: mostly an E.164 number, but as the network shows it, so also `anonymous`');
const callee = z.string().describe('Who is called: mostly an E.164 number, but also a SIP address or an extension');
const messageId = z.string().optional().describe('The same message at `GET /v1/messages/:id`');
const sender = z.string().describe('Who sent the message: an E.164 number, a short code or a name such as `SUPPORT`');
const recipient = z.string().describe('Who the message is for, mostly an E.164 number');

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
    .describe('How the call ended; `completed` means that it had been answered'),
  hangup_cause: z
    .string()
    .describe(
      "Why it ended, in the switch's own word, such as `NORMAL_CLEARING` or `USER_BUSY`; `SWITCH_RESTARTED` or `ENDED_UNSEEN` when nobody heard it",
    ),
  duration_seconds: z.number().min(0).describe('From answer to hang-up, in seconds; 0 for a call never answered'),
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
    .describe('True when nobody heard the end: `ended_at` is then the last moment at which the call may have been up'),
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
  recording_url: z.string().describe('Where the recording can be fetched'),
  duration_seconds: z.number().min(0).nullable().describe('Length of the recording in seconds; null when not known'),
  size_bytes: z.int().min(0).nullable().describe('Size of the file in bytes; null when not known'),
  format: z.string().describe('Format of the file, such as `wav`'),
  created_at: time('When the recording was stored'),
});

export const smsSent = z.looseObject({
  message_sid: messageSid,
  from: sender.describe(
    'Who sent the message: an E.164 number, a short code, a name, or the Messaging Service (`MG…`) that chooses the number',
  ),
  to: recipient,
  body: z.string().nullable().optional().describe('The text; null or absent for a message of media only'),
  media_urls: z
    .array(z.string())
    // Checked before the elements: a hundred thousand wrong ones take a second.
    .max(1_000)
    .nullable()
    .optional()
    .describe('Where the media come from; null or absent without media'),
  direction: z.literal('outbound').describe('Always outbound'),
  status: z.literal('sent').describe('Always sent, also when the provider has only queued it: see `provider_status`'),
  provider_status: z
    .string()
    .optional()
    .describe("The provider's own word for the state at that moment, such as `queued` or `accepted`"),
  segments: z.int().min(0).describe('Number of SMS parts the text takes, estimated'),
  timestamp: time('When the provider took the message'),
  message_id: messageId,
});

export const smsReceived = z.looseObject({
  message_sid: messageSid,
  from: sender,
  to: recipient,
  body: z.string().describe('The text, as it came; may be empty'),
  media_count: z.int().min(0).describe('Number of media attached'),
  direction: z.literal('inbound').describe('Always inbound'),
  received_at: time('When the message reached us'),
  message_id: messageId,
});

const errorCode = z
  .union([z.string(), z.int()])
  .nullable()
  .describe("The provider's error code, such as `30003`, as text or number; null when it gave none");

export const smsDelivered = z.looseObject({
  message_sid: messageSid,
  status: z.literal('delivered').describe('Always delivered'),
  error_code: errorCode,
  timestamp: time('When the provider reported it'),
  message_id: messageId,
});

export const smsFailed = z.looseObject({
  message_sid: messageSid,
  status: z
    .enum(['failed', 'undelivered'])
    .describe('`failed`: it was never sent; `undelivered`: it was sent, and did not arrive'),
  error_code: errorCode,
  timestamp: time('When the provider reported it'),
  message_id: messageId,
});

const usage = {
  resource: z.string().min(1).describe('What is limited, such as `call_minutes`'),
  current: z.number().min(0).describe("Used so far in this period, in the resource's unit: minutes for `call_minutes`"),
  limit: z.number().min(0).describe('Allowed in the period, in the same unit'),
  month: z.string().optional().describe('The period: a month in UTC, such as `2025-10`'),
};

const limitTime = time('When the usage came to it, or the limit was set to what is used');

export const tenantLimitWarning = z.looseObject({
  ...usage,
  percent_used: z
    .number()
    .min(0)
    .describe('`current` as a share of `limit`, in percent; may be over 100, and is 100 for a limit of 0'),
  timestamp: limitTime,
});

export const tenantLimitReached = z.looseObject({
  ...usage,
  timestamp: limitTime,
});

export const phoneNumberAssigned = z.looseObject({
  phone_number: z.string().min(1).describe('The number, in E.164 form, or a short code'),
  assigned_at: time('When the tenant got the number'),
});

export const webhookTest = z.looseObject({
  message: z.string().describe('A sentence for whoever reads the log'),
  webhook_id: z.int().optional().describe('The webhook under test'),
});
