import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import {
  recordVerification,
  takeVerification,
  type TakenVerification,
  type TakeVerificationResult,
  type UnverifiedWebhook,
} from '../../src/db/verifications.js';
import { renderBody } from '../../src/delivery/body.js';
import { createChallenge, isEcho, verificationEvent } from '../../src/delivery/challenge.js';
import type { OpenRequests } from '../../src/delivery/open-requests.js';
import type { FinishedAttempt } from '../../src/delivery/outcome.js';
import type { Poster } from '../../src/delivery/post.js';
import type { Sealer } from '../../src/encryption/seal.js';
import { signedHeaders } from '../../src/encryption/signed-headers.js';
import { settleSoon } from '../../src/settle-soon.js';
import type { Permits } from '../../src/temporal/priority/permits.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';
import { errorOf } from './attempt-record.js';
import { unknownKeyWaitMs } from './attempt.js';

export interface VerifyWebhookDeps {
  db: Database;
  poster: Poster;
  sealer: Sealer;
  log: Logger;
  openRequests: OpenRequests;
  permits: Permits;
  workflows: Pick<DeliveryWorkflows, 'wake' | 'settle' | 'collect'>;
  /** This service's version, for the User-Agent. */
  version: string;
}

export interface VerificationStep {
  /** For operators. Names no url. */
  message: string;
  /** When to ask again; null: there is nothing to ask any more. */
  waitMs: number | null;
}

/**
 * Asks the receivers of an unverified webhook, each with a challenge of its own, and records what they answered; if the
 * url was changed meanwhile, nothing. Rejects only where the fault is ours, and may then be repeated: the receivers get
 * another challenge.
 */
export async function verifyWebhook(deps: VerifyWebhookDeps, webhook: UnverifiedWebhook): Promise<VerificationStep> {
  const { db, log, sealer } = deps;
  const { webhookId, tenantId } = webhook;
  const permit = await deps.permits.acquire(webhook);
  let close: (() => void) | undefined;
  try {
    const taken = await takeVerification(db, webhookId, sealer.keyIds);
    if (taken.answer === 'sealed')
      log.error({ webhook: webhookId }, 'webhook.sealed_by_unknown_key: its receivers are not asked');
    if (taken.answer !== 'send') return notAsked(taken);
    permit.releaseSoon();
    close = deps.openRequests.open(webhookId, tenantId);
    const { targetVersion, url, fallbackUrl } = taken;
    const asked = [ask(deps, webhook, taken, 'url', url)];
    if (fallbackUrl !== null) asked.push(ask(deps, webhook, taken, 'fallback_url', fallbackUrl));
    const wrong = (await Promise.all(asked)).filter((each) => each !== null);
    const error = wrong.length > 0 ? `${wrong.join(' ')} ${remedy(webhookId)}` : null;
    if (!(await recordVerification(db, log, { ...webhook, targetVersion, error })))
      return { message: 'the webhook was changed meanwhile', waitMs: 0 };
    if (error === null) await settleSoon(deps, webhook);
    return { message: error ?? 'verified', waitMs: null };
  } finally {
    close?.();
    permit.release();
  }
}

function notAsked(taken: Exclude<TakeVerificationResult, { answer: 'send' }>): VerificationStep {
  switch (taken.answer) {
    case 'ended':
      return { message: 'nothing to ask', waitMs: null };
    case 'wait':
      return { message: 'its tenant had many receivers asked lately', waitMs: taken.waitMs };
    case 'sealed':
      return { message: 'sealed with a key that this process lacks', waitMs: unknownKeyWaitMs };
  }
}

/** Ends the message for callers of the API; the portal leaves it out. */
export const remedy = (webhookId: number) =>
  `When that is corrected, call POST /v1/webhooks/${webhookId}/verify; a new url is asked by itself.`;

/** Null: the receiver echoed the challenge. Else what was wrong, for its tenant. */
async function ask(
  deps: VerifyWebhookDeps,
  { webhookId, tenantId }: UnverifiedWebhook,
  taken: TakenVerification,
  target: 'url' | 'fallback_url',
  url: string,
): Promise<string | null> {
  const id = randomUUID();
  const challenge = createChallenge();
  const event = { eventType: verificationEvent, eventId: `verification_${id}` };
  const body = renderBody({ ...event, timestamp: taken.takenAt.toISOString(), data: { challenge } });
  const request = {
    url,
    headers: signedHeaders(deps, id, { ...taken, ...event, tenantId, eventRowId: id, ordering: null, number: 1, body }),
    body,
    timeoutMs: taken.timeoutMs,
  };
  let finished = await deps.poster.post(request);
  // It went out on a kept connection just as that was closed; the next one opens a new connection.
  if (isStale(finished)) finished = await deps.poster.post(request);
  const { outcome, durationMs } = finished;
  const response = outcome.kind === 'unreachable' ? null : outcome.response;
  const error = errorOf(outcome);
  const echoed = error === null && response !== null && isEcho(response, challenge);
  deps.log.info(
    {
      tenant: tenantId,
      webhook: webhookId,
      verification: id,
      target,
      outcome: error?.class ?? (echoed ? 'echoed' : 'not_echoed'),
      statusCode: response?.statusCode ?? null,
      durationMs,
    },
    'verification.finished',
  );
  if (echoed) return null;
  const wrong =
    error?.message ??
    `The receiver answered ${response?.statusCode}, but not with the challenge. Expected: {"challenge": "<data.challenge of the request>"}, or that text alone`;
  // The sender's own messages are no sentences.
  return `${target}: ${wrong.replace(/\.$/, '')}.`;
}

const isStale = ({ outcome }: FinishedAttempt) => outcome.kind === 'unreachable' && outcome.onReusedConnection;
