import express, { Router, type NextFunction, type Request, type Response } from 'express';
import { withDatabaseTimeout, DatabaseUnavailableError, sqlStateOf } from '../db/database.js';
import { isEventId } from '../events/trigger.js';
import { receiveMessage } from '../sources/messages/inbound.js';
import { reportStatus } from '../sources/messages/outbound.js';
import { isAuthentic } from '../sources/messages/signature.js';
import type { AppDeps } from './http/endpoint.js';
import { parseUuid } from './http/schemas.js';

/**
 * Postgres must answer within this time, so that Twilio gets its 503 within 3 s. A later commit stands: Twilio's retry
 * then changes nothing.
 */
const deadlineMs = 2_500;
const retryAfterSeconds = 5;
/** Anything else would be sent to the customer as an SMS. */
const emptyTwiml = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

const readForm = express.urlencoded({ extended: false, limit: '100kb' });

/** Every field as it came, for the signature; the values of a repeated name are a list. */
type Form = Record<string, string | string[]>;

/**
 * Twilio's callbacks: inbound messages, and the status of outbound ones. A callback must be signed with a token of the
 * account that it names (else 403), and may concern only that account's numbers and messages. Responses are what Twilio
 * understands: TwiML or nothing.
 */
export function twilioCallbacks(deps: AppDeps): Router {
  const router = Router({ caseSensitive: true });
  const callback = (handle: (form: Form, request: Request, response: Response) => Promise<void>) =>
    [
      requireForm,
      readForm,
      async (request: Request, response: Response) => {
        const form = (request.body ?? {}) as Form;
        if (isSigned(deps, request, form)) await handle(form, request, response);
        else response.status(403).end();
      },
    ] as const;
  router.post('/sms', ...callback(receiveSms));
  router.post('/status', ...callback(receiveStatus));
  router.all(['/sms', '/status'], (_request, response) => void response.status(405).set('Allow', 'POST').end());
  router.use((_request, response) => void response.status(404).end());
  router.use(refuse(deps));
  return router;

  async function receiveSms(form: Form, _request: Request, response: Response): Promise<void> {
    const messageSid = field(form, 'MessageSid');
    if (!isEventId(messageSid)) return void response.status(400).end();
    const segments = count(field(form, 'NumSegments'));
    const outcome = await inTime(deps, () =>
      receiveMessage(deps, {
        ...signer(form),
        messageSid,
        messagingServiceSid: field(form, 'MessagingServiceSid') || null,
        from: field(form, 'From'),
        to: field(form, 'To'),
        body: field(form, 'Body'),
        mediaCount: count(field(form, 'NumMedia')) ?? 0,
        segments: segments || null,
        at: new Date(),
      }),
    );
    if (outcome === 'other-account')
      warnOfOther(
        form,
        'the number that it came to is not assigned with this account; if it is in it, assign it with this account_sid',
      );
    if (outcome === 'no-owner')
      deps.log.warn({ messageSid }, 'message.no_owner: no tenant has the number that it came to');
    response.set('Content-Type', 'text/xml').send(emptyTwiml);
  }

  async function receiveStatus(form: Form, request: Request, response: Response): Promise<void> {
    const messageSid = field(form, 'MessageSid');
    // It becomes part of an event id.
    if (!messageSid || !isEventId(`${messageSid}_status`)) return void response.status(400).end();
    const outcome = await inTime(deps, () =>
      reportStatus(deps, {
        ...signer(form),
        messageSid,
        status: field(form, 'MessageStatus'),
        errorCode: field(form, 'ErrorCode').slice(0, 100) || null,
        from: field(form, 'From'),
        to: field(form, 'To'),
        at: new Date(),
        messageId: parseUuid(parameter(request, 'message')),
        tenantReference: isEventId(parameter(request, 'tenant')) ? parameter(request, 'tenant') : undefined,
      }),
    );
    if (outcome === 'other-account') warnOfOther(form, 'this account may not report the status of the message');
    if (outcome === 'no-message') deps.log.warn({ messageSid }, 'message.not_known: it is not a message of any tenant');
    response.status(204).end();
  }

  /** The account whose token signed the callback. */
  function signer(form: Form): { accountSid: string; isMainAccount: boolean } {
    const accountSid = accountOf(deps, form);
    return { accountSid, isMainAccount: accountSid === deps.messages?.accountSid };
  }

  /** Twilio still gets a success: otherwise it would send the same callback again. */
  function warnOfOther(form: Form, reason: string): void {
    const account = accountOf(deps, form);
    deps.log.warn({ messageSid: field(form, 'MessageSid'), account }, `message.other_account: ${reason}`);
  }
}

/** JSON is never parsed: the signature would not cover a JSON body. */
function requireForm(request: Request, response: Response, next: NextFunction): void {
  if (request.is('application/x-www-form-urlencoded')) next();
  else response.status(415).end();
}

/** Checked with the url that Twilio was given, never with headers that anybody can send. */
function isSigned({ messages, log }: AppDeps, request: Request, form: Form): boolean {
  const accountSid = messages && accountOf({ messages }, form);
  const isValid =
    accountSid !== undefined &&
    isAuthentic(messages!.accounts, {
      accountSid,
      signature: request.get('X-Twilio-Signature'),
      url: messages!.publicBaseUrl + request.originalUrl,
      form,
    });
  if (!isValid) {
    const isOfRule = request.get('X-Twilio-Webhooks-Signature-Settings') !== undefined;
    const reason = !messages
      ? 'no Twilio account is configured'
      : isOfRule
        ? 'signed by the key of a Webhooks Rule, which is not supported'
        : 'check PUBLIC_BASE_URL and the tokens, unless it is forged';
    log.warn(
      { path: request.baseUrl + request.path, account: known(messages, accountSid) },
      `twilio.refused: ${reason}`,
    );
  }
  return isValid;
}

/** Only our own accounts are named in the log. */
const known = (messages: AppDeps['messages'], accountSid: string | undefined) =>
  messages?.accounts.some(({ sid }) => sid === accountSid) ? accountSid : 'unknown';

/** The account that sends, if the form names none. */
const accountOf = ({ messages }: Pick<AppDeps, 'messages'>, form: Form): string =>
  'AccountSid' in form ? field(form, 'AccountSid') : messages!.accountSid;

const field = (form: Form, name: string): string => [form[name] ?? ''].flat()[0] ?? '';

const parameter = (request: Request, name: string): string => {
  const value = request.query[name];
  return typeof value === 'string' ? value : '';
};

const count = (value: string): number | null => (/^\d{1,4}$/.test(value) ? Number(value) : null);

/** Waits for Postgres only as long as Twilio waits for us. */
function inTime<T>({ log }: AppDeps, work: () => Promise<T>): Promise<T> {
  const working = work();
  // Postgres quotes the row in some fields of its errors.
  working.catch((error: unknown) =>
    log.debug({ reason: sqlStateOf(error) ?? (error as Error).message }, 'twilio.callback_failed'),
  );
  return withDatabaseTimeout(working, deadlineMs);
}

/** Of an error, only a status code reaches Twilio. */
function refuse({ log }: AppDeps) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    const { status } = error as { status?: unknown };
    const path = request.baseUrl + request.path;
    if (response.headersSent) return next(error);
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response.status(status).end();
    } else if (error instanceof DatabaseUnavailableError) {
      log.warn({ path, reason: error.message }, 'twilio.not_taken: Twilio is asked to send it again');
      response.status(503).set('Retry-After', String(retryAfterSeconds)).end();
    } else {
      // Postgres quotes the row in some fields of its errors.
      const code = sqlStateOf(error);
      log.error(
        { path, error: code === undefined ? error : { code, message: (error as Error).message } },
        'twilio.failed',
      );
      response.status(500).end();
    }
  };
}
