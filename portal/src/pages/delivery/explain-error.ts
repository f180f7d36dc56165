import type { AttemptError } from '../../../../src/client/api-types.js';
import { statusName } from '../../text/http-statuses.js';

/** Why an attempt failed. */
export interface ErrorExplanation {
  /** Part of a sentence: `the receiver answered 503 Service Unavailable`. */
  clause: string;
  /** What that usually means. */
  meaning: string;
  /** What whoever runs the receiver can do. */
  remedy: string;
}

interface Failure {
  error: AttemptError;
  statusCode: number | null;
  /** Of the response, with names in lower case; null: not known. */
  headers: Record<string, string> | null;
}

/** In plain words, for somebody who has never seen this service. */
export function explainError({ error, statusCode, headers }: Failure): ErrorExplanation {
  switch (error.class) {
    case 'http_status':
      return explainStatus(statusCode ?? 0, headers?.['location']);
    case 'timeout':
      return explainTimeout(error.message);
    case 'dns':
      return {
        clause: 'the receiver’s host name was not found',
        meaning: `The name lookup failed: ${error.message}.`,
        remedy: 'Check the host in the webhook’s url for a typo, and whether its DNS record still exists.',
      };
    case 'connection':
      return {
        clause: 'the connection to the receiver failed',
        meaning: `No complete answer came: ${error.message}.`,
        remedy:
          'Check that the server runs, listens on the port in the url, and that no firewall turns us away. If the connection was reset or closed, its log says why: most often it was being restarted, or crashed on this request.',
      };
    case 'tls':
      return {
        clause: 'no secure connection to the receiver could be made',
        meaning: `TLS failed: ${error.message}.`,
        remedy:
          'The certificate must be valid, be made for the host in the url, and be installed with its intermediate certificates (the “full chain”). Browsers work around a missing one, we do not. TLS 1.2 or 1.3 with HTTP/1.1 is needed.',
      };
    case 'blocked_address':
      return {
        clause: 'the url leads to an address that is not allowed',
        meaning: `Nothing was sent: ${error.message}. Such a failure is final, as a retry would end the same way.`,
        remedy:
          'Give the webhook an https url on the public internet. Private, local and internal addresses are refused, whatever is there.',
      };
    case 'invalid_response':
      return {
        clause: 'the receiver’s answer could not be understood',
        meaning: `The answer is not valid: ${error.message}.`,
        remedy:
          'Check that the url and port belong to an HTTP/1.1 server, and keep the answer short, best empty: only its status counts.',
      };
    case 'transform':
      return {
        clause: 'the webhook’s transform made no body',
        meaning: `Nothing was sent: ${error.message}`,
        remedy: 'Correct the transform in the settings of the webhook, try it there on this event, then retry.',
      };
  }
}

function explainTimeout(message: string): ErrorExplanation {
  const isSlow = /^(no response|response not complete)/.test(message);
  return {
    clause: 'the receiver did not answer in time',
    meaning: isSlow ? `The request arrived, but ${message}.` : `The request did not get through: ${message}.`,
    remedy: isSlow
      ? 'Answer first (an empty 204 is enough) and do the work afterwards. If that is not possible, give the webhook a longer timeout, up to 30 s.'
      : 'Check that the host is up and that no firewall silently drops our requests.',
  };
}

const remedies: Record<number, [meaning: string, remedy: string]> = {
  400: [
    'The receiver got the request and did not accept what is in it.',
    'Its answer below, or its log, should say what it misses. What was sent is under “Body”.',
  ],
  401: [
    'The receiver refused the request as not genuine. Most often its check of the signature fails.',
    'Compare with “The signature, explained” below: there you can check which secret is right. If it wants a credential, put that into the webhook’s custom headers.',
  ],
  403: [
    'The receiver, or a firewall in front of it, refused the request.',
    'Check its allow list and bot protection, and its check of the signature (“The signature, explained” below).',
  ],
  404: [
    'There is nothing at this path of the receiver.',
    'Check the path in the webhook’s url for a typo, and whether the receiver was moved or is deployed at all.',
  ],
  405: ['The path exists, but does not take POST requests.', 'Let the receiver take POST there, or correct the url.'],
  408: ['The receiver gave up waiting for the request.', 'Look for an overloaded server or proxy on its side.'],
  410: [
    'With 410 a receiver says that it wants no more events. The failure is final, and the webhook was disabled.',
    'If that was not meant, correct the receiver, enable the webhook again, then retry.',
  ],
  413: [
    'The body is larger than the receiver allows.',
    'Raise its limit to 1 MB. The default of Express, 100 kB, is too small.',
  ],
  415: ['The receiver does not take this kind of content.', 'Let it take Content-Type: application/json.'],
  422: [
    'The receiver got the request and did not accept what is in it.',
    'Its answer below, or its log, should say what it misses. What was sent is under “Body”.',
  ],
  429: [
    'The receiver gets more requests than it wants.',
    'Lower the webhook’s rate limit, or let the receiver send Retry-After: the next attempt then waits for that.',
  ],
  500: [
    'The receiver’s program failed.',
    'Its log has the fault. Search it for the time of the attempt, or for the event id.',
  ],
  501: ['The receiver cannot do this yet.', 'Check that the url is the right one, and that it takes POST.'],
  502: [
    'A proxy in front of the receiver got no valid answer from it.',
    'Check that the program behind the proxy runs, and did not crash on this request.',
  ],
  503: [
    'The receiver, or a proxy in front of it, is not available for now: overloaded, in maintenance, or just starting.',
    'Usually it is back for the next attempt. If not, check that it runs.',
  ],
  504: [
    'A proxy in front of the receiver waited too long for it.',
    'Answer first and do the work afterwards; an empty 204 is enough.',
  ],
};

function explainStatus(code: number, location: string | undefined): ErrorExplanation {
  const clause = `the receiver answered ${statusName(code)}`;
  const [meaning, remedy] = remedies[code] ?? statusFamily(code, location);
  return { clause, meaning, remedy };
}

function statusFamily(code: number, location: string | undefined): [meaning: string, remedy: string] {
  if (code >= 300 && code < 400)
    return [
      `It redirects${location ? ` to ${location}` : ''}. Redirects are never followed, as only 2xx is success.`,
      location ? 'Set the webhook’s url to that address.' : 'Set the webhook’s url to the final address.',
    ];
  if (code >= 520 && code < 530)
    return [
      'The number is Cloudflare’s: it stands in front of the receiver and could not get an answer from it.',
      'Check that the server behind Cloudflare runs and can be reached from there.',
    ];
  if (code >= 500)
    return ['The receiver, or a proxy in front of it, failed.', 'Its log at the time of the attempt should say why.'];
  return [
    'The receiver refused the request. Only a status from 200 to 299 is success.',
    'Its answer below, or its log, should say why.',
  ];
}
