/**
 * How Twilio calls back; by default it would not retry after an error. Up to four retries, also after a 5xx; 2 s to
 * connect and 3.5 s to respond, since all tries together have 15 s. The fragment is not part of the signature.
 */
const callbackFragment = '#rc=4&rp=ct,rt,5xx&ct=2000&rt=3500';

/** Where Twilio reports on a message. The signature covers tenant and message, so nobody can change them. */
export function statusCallbackUrl(publicBaseUrl: string, message: { id: string; tenantId: string }): string {
  return `${publicBaseUrl}/twilio/status?tenant=${message.tenantId}&message=${message.id}${callbackFragment}`;
}
