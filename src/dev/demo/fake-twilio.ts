import { randomBytes } from 'node:crypto';
import express, { type RequestHandler, type Response as ExpressResponse } from 'express';
import { SegmentedMessage } from 'sms-segments-calculator';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { listen } from '../../api/http/listen.js';
import { refusalOf, toMessage, type FakeMessage, type Form } from './fake-message.js';

export interface FakeTwilioOptions {
  accountSid: string;
  authToken: string;
  /** Runs before the fake responds, for example to check requests and responses against Twilio's contract. */
  middleware?: RequestHandler[];
}

export interface FakeRequest {
  method: string;
  /** Including the query. */
  url: string;
  authorization: string | undefined;
  /** The body as it came. */
  body: string;
}

/** What an inbound message says; the rest is made up. */
export interface FakeInbound {
  messageSid?: string;
  from: string;
  to: string;
  body: string;
  numMedia?: number;
  /** Further fields. */
  extra?: Record<string, string>;
}

export interface FakeTwilio {
  url: string;
  requests: FakeRequest[];
  /** Oldest first. */
  messages: FakeMessage[];
  /**
   * Overrides the response to the next request to send (to that number). With `create` the message is created anyway.
   */
  respondNext(respond: (response: ExpressResponse) => void, options?: { create?: boolean; to?: string }): void;
  /** Changes a message's state, and calls back as Twilio does if the message has a status callback url. */
  report(sid: string, status: string, fields?: Record<string, string>): Promise<Response | undefined>;
  /** Receives a message: lists it from now on and posts it to the number's url. A null url means a lost callback. */
  receive(url: string | null, inbound: FakeInbound): Promise<Response | undefined>;
  /** Adds a message to the list, as if it had been received or sent without us. */
  add(message: Partial<FakeMessage>): FakeMessage;
  close(): Promise<void>;
}

/**
 * Enough of Twilio to send and receive against: `Messages.json` of its API, and callbacks signed the way Twilio signs
 * them. Rules that the contract states only in prose (a sender, a text or media, the length) are checked here.
 */
export async function startFakeTwilio(options: FakeTwilioOptions): Promise<FakeTwilio> {
  const { accountSid, authToken, middleware = [] } = options;
  const requests: FakeRequest[] = [];
  const messages: FakeMessage[] = [];
  const callbacks = new Map<string, string>();
  const prepared: { respond: (response: ExpressResponse) => void; create?: boolean; to?: string }[] = [];
  const path = `/2010-04-01/Accounts/${accountSid}/Messages`;

  function add(message: Partial<FakeMessage>): FakeMessage {
    const now = new Date().toUTCString();
    const sid = message.sid ?? `SM${randomBytes(16).toString('hex')}`;
    const added: FakeMessage = {
      sid,
      account_sid: accountSid,
      messaging_service_sid: null,
      from: null,
      to: '',
      body: '',
      status: 'queued',
      direction: 'outbound-api',
      error_code: null,
      error_message: null,
      num_media: '0',
      num_segments: '1',
      date_created: now,
      date_sent: message.date_created ?? now,
      date_updated: message.date_created ?? now,
      price: null,
      price_unit: 'USD',
      api_version: '2010-04-01',
      uri: `${path}/${sid}.json`,
      subresource_uris: { media: `${path}/${sid}/Media.json` },
      ...message,
    };
    messages.push(added);
    return added;
  }

  async function call(url: string, form: Record<string, string>): Promise<Response> {
    const signedUrl = url.split('#', 1)[0]!;
    return fetch(signedUrl, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'X-Twilio-Signature': getExpectedTwilioSignature(authToken, signedUrl, form),
        'I-Twilio-Idempotency-Token': randomBytes(8).toString('hex'),
      },
      body: new URLSearchParams(form),
    });
  }

  const app = express();
  app.use((request, _response, next) => {
    const chunks: Buffer[] = [];
    const seen: FakeRequest = {
      method: request.method,
      url: request.originalUrl,
      authorization: request.get('authorization'),
      body: '',
    };
    requests.push(seen);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => (seen.body = Buffer.concat(chunks).toString()));
    next();
  });
  app.use(express.urlencoded({ extended: false }));
  app.use((request, response, next) => {
    const expected = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    if (request.get('authorization') === expected) next();
    else sendError(response, 401, 20003, 'Authenticate');
  });
  app.use(...([middleware.length > 0 ? middleware : [pass]] as const));

  app.post(`${path}.json`, (request, response) => {
    const { To } = request.body as Form;
    const index = prepared.findIndex(({ to }) => to === undefined || to === To);
    const [special] = index < 0 ? [] : prepared.splice(index, 1);
    const refusal = refusalOf(request.body as Form);
    if (refusal && !special) return sendError(response, 400, ...refusal);
    if (!special || special.create) {
      const message = add(toMessage(request.body as Form));
      const callback = (request.body as Form).StatusCallback;
      if (typeof callback === 'string') callbacks.set(message.sid, callback);
      if (!special) return void response.status(201).json(message);
    }
    special.respond(response);
  });

  app.get(`${path}.json`, (request, response) => {
    const { To, From, PageSize = '50', Page = '0' } = request.query as Record<string, string | undefined>;
    const sentAfter = request.query['DateSent>'];
    const found = messages
      .filter(({ to, from }) => (To === undefined || to === To) && (From === undefined || from === From))
      .filter(({ date_sent }) => typeof sentAfter !== 'string' || Date.parse(date_sent ?? '') >= Date.parse(sentAfter))
      .reverse();
    const [size, page] = [Number(PageSize), Number(Page)];
    const pageUri = (number: number) => {
      const query = new URLSearchParams(request.originalUrl.split('?')[1]);
      query.set('Page', String(number));
      return `${path}.json?${query.toString()}`;
    };
    const isLast = (page + 1) * size >= found.length;
    response.json({
      messages: found.slice(page * size, (page + 1) * size),
      page,
      page_size: size,
      start: page * size,
      end: Math.min((page + 1) * size, found.length) - 1,
      uri: pageUri(page),
      first_page_uri: pageUri(0),
      next_page_uri: isLast ? null : pageUri(page + 1),
      previous_page_uri: page === 0 ? null : pageUri(page - 1),
    });
  });
  app.use(((error: { status?: number; message?: string }, _request, response, _next) => {
    sendError(response, error.status ?? 500, 20001, error.message ?? 'failed');
  }) as express.ErrorRequestHandler);

  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${server.address.port}`,
    requests,
    messages,
    add,
    respondNext: (respond, options) => void prepared.push({ respond, ...options }),
    async report(sid, status, fields = {}) {
      const message = messages.find((one) => one.sid === sid);
      if (!message) throw new Error(`the fake has no message ${sid}`);
      Object.assign(message, { status, date_updated: new Date().toUTCString() });
      if (fields.ErrorCode) message.error_code = Number(fields.ErrorCode);
      const url = callbacks.get(sid);
      if (url === undefined) return undefined;
      return call(url, {
        SmsSid: sid,
        SmsStatus: status,
        MessageStatus: status,
        To: message.to,
        MessageSid: sid,
        AccountSid: accountSid,
        From: message.from ?? '+15005550006',
        ApiVersion: '2010-04-01',
        ...fields,
      });
    },
    async receive(url, { messageSid, from, to, body, numMedia = 0, extra = {} }) {
      const segments = String(new SegmentedMessage(body).segmentsCount);
      const known = messages.find(({ sid }) => sid === messageSid);
      const { sid } =
        known ??
        add({
          ...(messageSid !== undefined && { sid: messageSid }),
          from,
          to,
          body,
          status: 'received',
          direction: 'inbound',
          num_media: String(numMedia),
          num_segments: segments,
        });
      if (url === null) return undefined;
      return call(url, {
        ToCountry: 'US',
        SmsMessageSid: sid,
        NumMedia: String(numMedia),
        FromCity: '',
        SmsSid: sid,
        SmsStatus: 'received',
        Body: body,
        To: to,
        NumSegments: segments,
        MessageSid: sid,
        AccountSid: accountSid,
        From: from,
        ApiVersion: '2010-04-01',
        ...extra,
      });
    },
    close: () => server.close(),
  };
}

const pass: RequestHandler = (_request, _response, next) => next();

/** Sent as text: the contract has no schema for errors, so a middleware that checks responses would reject them. */
function sendError(response: ExpressResponse, status: number, code: number, message: string): void {
  const more_info = `https://www.twilio.com/docs/errors/${code}`;
  response.status(status).type('application/json').send(JSON.stringify({ code, message, more_info, status }));
}
