import { request, type IncomingHttpHeaders } from 'node:http';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { accountSid, authToken } from './contract-twilio.js';
import { parseForm } from './twilio-vectors.js';

export const publicBaseUrl = 'https://hooks.example.test';

export interface Callback {
  /** Including the query. */
  path: string;
  /** Fields, or the body as it is. */
  form: Record<string, string> | string;
  /** Default: of `signedForm`. Null: none. */
  signature?: string | null;
  token?: string;
  /** What was signed, if it differs from what is sent. */
  signedForm?: string;
  headers?: Record<string, string>;
}

export interface CallbackResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Posts to our route as Twilio does through a proxy that ends TLS: signed for the public url, sent over plain HTTP. */
export async function postCallback(apiUrl: string, callback: Callback): Promise<CallbackResponse> {
  const { path, form, token = authToken, headers = {} } = callback;
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
  const signature =
    callback.signature === undefined
      ? getExpectedTwilioSignature(token, publicBaseUrl + path, parseForm(callback.signedForm ?? body))
      : callback.signature;
  // Not with fetch, which would rewrite the query: the signature covers it as Twilio wrote it.
  const { hostname, port } = new URL(apiUrl);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        path,
        method: 'POST',
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          ...(signature !== null && { 'X-Twilio-Signature': signature }),
          'Content-Length': Buffer.byteLength(body),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

export const smsForm = (fields: Record<string, string> = {}): Record<string, string> => ({
  MessageSid: 'SM00112233445566778899aabbccddeeff',
  AccountSid: accountSid,
  From: '+15551234567',
  To: '+15557654321',
  Body: 'hello',
  NumMedia: '0',
  NumSegments: '1',
  ...fields,
});

export const statusForm = (status: string, fields: Record<string, string> = {}): Record<string, string> => ({
  MessageSid: 'SM00112233445566778899aabbccddeeff',
  MessageStatus: status,
  SmsStatus: status,
  AccountSid: accountSid,
  From: '+15557654321',
  To: '+15551234567',
  ApiVersion: '2010-04-01',
  ...fields,
});
