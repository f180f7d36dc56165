import type { FollowNotice, StreamedDelivery } from '../../client/index.js';
import { chooseWebhook, type Context } from '../context.js';
import { printable } from '../output.js';

export interface ListenOptions {
  forward?: string;
  lastEventId?: string;
  /** In seconds. */
  timeout: number;
}

/** What the local server made of a delivery. */
type Answer = { status_code: number; duration_ms: number; body: string } | { error: string; duration_ms: number };

/**
 * `irisx listen`: shows each delivery of a webhook as it would be sent, and forwards it, one after the other, until it is
 * stopped.
 */
export async function listen(context: Context, named: number | undefined, options: ListenOptions): Promise<void> {
  const { client, tenantId, io } = context;
  const signal = io.untilStopped();
  const webhookId = await chooseWebhook(context, named);
  let position = options.lastEventId;
  const followed = client.follow(webhookId, {
    ...(tenantId !== undefined && { tenantId }),
    ...(position !== undefined && { lastEventId: position }),
    signal,
    onNotice: (notice) => {
      position = notice.position;
      io.err(io.colors.dim(describeNotice(notice, webhookId, options)));
    },
  });
  for await (const delivery of followed) {
    const answer =
      options.forward === undefined ? undefined : await forward(delivery, options.forward, options, signal);
    // Stopped meanwhile: it comes again.
    if (signal.aborted) break;
    position = delivery.delivery_id;
    io.out(context.json ? JSON.stringify({ ...delivery, answer }) : describe(context, delivery, answer));
  }
  if (position !== undefined) io.err(`To go on from here: irisx listen ${webhookId} --last-event-id ${position}`);
}

function describeNotice({ kind, message }: FollowNotice, webhookId: number, { forward }: ListenOptions): string {
  if (kind === 'lost') return `${printable(message)}; connecting again`;
  if (kind === 'note') return printable(message);
  return `${message}: deliveries of webhook ${webhookId}${forward === undefined ? '' : ` go to ${forward}`}`;
}

/** The same bytes and headers as the webhook's own server would get. No redirect is followed, as there. */
async function forward(
  { headers, body }: StreamedDelivery,
  url: string,
  { timeout }: ListenOptions,
  stopped: AbortSignal,
): Promise<Answer> {
  const beganAt = performance.now();
  const durationMs = () => Math.round(performance.now() - beganAt);
  const late = AbortSignal.timeout(timeout * 1_000);
  try {
    const signal = AbortSignal.any([late, stopped]);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    const text = await response.text();
    return { status_code: response.status, duration_ms: durationMs(), body: text };
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    const reason = late.aborted ? `no answer within ${timeout} s` : (cause?.code ?? (error as Error).message);
    return { error: reason, duration_ms: durationMs() };
  }
}

function describe({ io: { colors } }: Context, delivery: StreamedDelivery, answer: Answer | undefined): string {
  const time = new Date().toLocaleTimeString('en-GB');
  const type = delivery.headers['X-IRISX-Event'] ?? '';
  const line = `${colors.dim(time)}  ${type.padEnd(24)}  ${delivery.delivery_id}`;
  if (!answer) return `${line}  ${colors.dim(printable(delivery.body))}`;
  if ('error' in answer) return `${line}  ${colors.red(answer.error)}`;
  const { status_code: status, duration_ms: ms, body } = answer;
  const color = status >= 200 && status < 300 ? colors.green : colors.red;
  return `${line}  ${color(String(status))} in ${ms} ms  ${colors.dim(printable(body, 80))}`.trimEnd();
}
