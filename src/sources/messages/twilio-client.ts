import twilio from 'twilio';
import type { MessageInstance } from 'twilio/lib/rest/api/v2010/account/message.js';
import type { TwilioAccount } from './twilio-account.js';
import { TwilioBusyError, TwilioHttp } from './twilio-http.js';

/** The outcome of the request to send, as far as it can be known. */
export type SendOutcome =
  | { kind: 'accepted'; messageSid: string; providerStatus: string; segments: number | null; errorCode: string | null }
  /** Twilio refused it, and would refuse the same request again. */
  | { kind: 'refused'; statusCode: number; errorCode: string | null }
  /** It did not reach Twilio, or was rejected unread. */
  | { kind: 'not-sent'; reason: string; errorCode: string | null; retryAfterMs?: number | undefined }
  /** It may have been sent, so it must not be sent again. */
  | { kind: 'unknown'; reason: string };

export interface MessageToSend {
  accountSid: string;
  from: string | null;
  messagingServiceSid: string | null;
  to: string;
  body: string | null;
  mediaUrls: string[];
  /** The url to which Twilio reports its status. */
  statusCallback: string;
}

/** A message in Twilio's list. */
export interface ListedMessage {
  messageSid: string;
  messagingServiceSid: string | null;
  isInbound: boolean;
  status: string;
  errorCode: string | null;
  from: string;
  to: string;
  body: string;
  mediaCount: number;
  segments: number | null;
  createdAt: Date;
  /** When it was last changed, as far as Twilio says so. */
  updatedAt: Date;
}

export interface MessageList {
  accountSid: string;
  to?: string;
  from?: string;
  sentAfter?: Date;
}

export interface TwilioClient {
  /** The account that sends. A number without an account of its own is in this one. */
  readonly mainAccountSid: string;
  readonly accountSids: readonly string[];
  /** Makes one request; never throws. */
  send(message: MessageToSend): Promise<SendOutcome>;
  /** Page by page, newest first. Throws TwilioListError. */
  list(list: MessageList): AsyncGenerator<ListedMessage[]>;
}

/** Twilio did not give its list. The error's message says why, and contains nothing of an SMS. */
export class TwilioListError extends Error {
  override readonly name = 'TwilioListError';
}

export interface TwilioClientOptions {
  /** The main one; default the first of `accounts`. */
  accountSid?: string;
  accounts: readonly TwilioAccount[];
  /** Default Twilio's own. */
  apiBaseUrl?: string | undefined;
  /** The longest that one request may take. */
  deadlineMs: number;
  pageSize?: number;
}

const messageSidForm = /^(SM|MM)[0-9a-fA-F]{32}$/;
/** Errors that occur before anything is sent. */
const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const unauthorized = 401;

/** Reads nothing from the environment, whatever TWILIO_* is set there. */
export function createTwilioClient(options: TwilioClientOptions): TwilioClient {
  const httpClient = new TwilioHttp(options.deadlineMs) as unknown as InstanceType<typeof twilio.RequestClient>;
  const clients = new Map(
    options.accounts.map(({ sid, tokens }) => [
      sid,
      tokens.map((token) => {
        const client = twilio(sid, token, { httpClient, edge: '', region: '', logLevel: '' });
        if (options.apiBaseUrl !== undefined) client.api.baseUrl = options.apiBaseUrl;
        return client;
      }),
    ]),
  );

  /** Uses the account's token, and if it is refused the next one: during a rotation either may be the right one. */
  async function withToken<T>(accountSid: string, call: (client: twilio.Twilio) => Promise<T>): Promise<T> {
    const [current, next] = clients.get(accountSid) ?? [];
    if (!current) throw new TwilioListError(`The account ${accountSid} is not configured.`);
    try {
      return await call(current);
    } catch (error) {
      if (!next || statusOf(error) !== unauthorized) throw error;
      return call(next);
    }
  }

  return {
    mainAccountSid: options.accountSid ?? options.accounts[0]?.sid ?? '',
    accountSids: [...clients.keys()],
    async send(message) {
      if (!clients.has(message.accountSid))
        return { kind: 'not-sent', reason: 'account-not-configured', errorCode: null };
      try {
        const created = await withToken(message.accountSid, (client) =>
          client.messages.create({
            to: message.to,
            ...(message.from !== null && { from: message.from }),
            ...(message.messagingServiceSid !== null && { messagingServiceSid: message.messagingServiceSid }),
            ...(message.body !== null && { body: message.body }),
            ...(message.mediaUrls.length > 0 && { mediaUrl: message.mediaUrls }),
            statusCallback: message.statusCallback,
          }),
        );
        if (!messageSidForm.test(created.sid ?? '')) return { kind: 'unknown', reason: 'answer-without-sid' };
        return {
          kind: 'accepted',
          messageSid: created.sid,
          providerStatus: String(created.status),
          segments: positive(created.numSegments),
          errorCode: codeText(created.errorCode),
        };
      } catch (error) {
        return failedSend(error);
      }
    },
    async *list({ accountSid, to, from, sentAfter }) {
      const filter = {
        ...(to !== undefined && { to }),
        ...(from !== undefined && { from }),
        ...(sentAfter !== undefined && { dateSentAfter: sentAfter }),
        pageSize: options.pageSize ?? 1_000,
      };
      // Each call may have to find out again which token is the right one; a cursor made with one works with the other.
      let page = await listed(() => withToken(accountSid, (client) => client.messages.page(filter)));
      for (;;) {
        yield page.instances.map(toListed);
        const { nextPageUrl } = page;
        if (nextPageUrl === undefined) return;
        page = await listed(() => withToken(accountSid, (client) => client.messages.getPage(nextPageUrl)));
      }
    },
  };
}

/** Never throws the original error: Twilio's texts quote numbers, and a library's errors the whole request. */
async function listed<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TwilioListError) throw error;
    const status = error instanceof TwilioBusyError ? 429 : statusOf(error);
    throw new TwilioListError(`Twilio did not give its list of messages: ${status ?? reasonOf(error)}`);
  }
}

function failedSend(error: unknown): SendOutcome {
  if (error instanceof TwilioBusyError)
    return { kind: 'not-sent', reason: '429', errorCode: '20429', retryAfterMs: error.retryAfterMs };
  const statusCode = statusOf(error);
  // 408: Twilio waited for the request, and may have read all of it.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500 && statusCode !== 408)
    return { kind: 'refused', statusCode, errorCode: codeText((error as { code?: unknown }).code) };
  if (statusCode !== undefined) return { kind: 'unknown', reason: String(statusCode) };
  const reason = reasonOf(error);
  return beforeSending.has(reason) ? { kind: 'not-sent', reason, errorCode: null } : { kind: 'unknown', reason };
}

/** Both of the SDK's exceptions carry it. */
function statusOf(error: unknown): number | undefined {
  const { status } = error as { status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

/** The network error's code, or the error's name; never its text. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = (error.cause instanceof Error ? error.cause : error) as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

const codeText = (code: unknown): string | null => (typeof code === 'number' && code !== 0 ? String(code) : null);

/** A count given as text, if positive; a Messaging Service says 0 until it has chosen a sender. */
function positive(count: unknown): number | null {
  return Number.isInteger(Number(count)) && Number(count) > 0 ? Number(count) : null;
}

const validDate = (date: Date | undefined): date is Date => date instanceof Date && !Number.isNaN(date.getTime());

function toListed(message: MessageInstance): ListedMessage {
  const dates = [message.dateUpdated, message.dateSent, message.dateCreated].filter(validDate);
  const created = validDate(message.dateCreated) ? message.dateCreated : dates.at(-1);
  return {
    messageSid: message.sid,
    messagingServiceSid: message.messagingServiceSid ?? null,
    isInbound: message.direction === 'inbound',
    status: String(message.status),
    errorCode: codeText(message.errorCode),
    from: message.from ?? '',
    to: message.to ?? '',
    body: message.body ?? '',
    mediaCount: positive(message.numMedia) ?? 0,
    segments: positive(message.numSegments),
    createdAt: created ?? new Date(),
    updatedAt: dates[0] ?? new Date(),
  };
}
