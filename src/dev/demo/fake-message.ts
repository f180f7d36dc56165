import { randomBytes } from 'node:crypto';
import { SegmentedMessage } from 'sms-segments-calculator';

/** A message as Twilio's API shows it. */
export interface FakeMessage {
  sid: string;
  account_sid: string;
  messaging_service_sid: string | null;
  from: string | null;
  to: string;
  body: string;
  status: string;
  direction: 'inbound' | 'outbound-api';
  error_code: number | null;
  error_message: string | null;
  num_media: string;
  num_segments: string;
  /** RFC 2822. */
  date_created: string;
  date_sent: string | null;
  date_updated: string;
  price: string | null;
  price_unit: string;
  api_version: string;
  uri: string;
  subresource_uris: Record<string, string>;
}

/** The fields of a request to send. */
export type Form = Record<string, string | string[] | undefined>;

/** The test numbers that Twilio documents, with the errors that they produce. */
const refusedRecipients: Record<string, [code: number, message: string]> = {
  '+15005550001': [21211, "The 'To' number +15005550001 is not a valid phone number."],
  '+15005550002': [21612, "The 'To' phone number +15005550002 is not currently reachable."],
  '+15005550003': [21408, 'Permission to send an SMS has not been enabled for the region.'],
  '+15005550004': [21610, 'Attempt to send to unsubscribed recipient.'],
  '+15005550009': [21614, "'To' number is not a valid mobile number."],
};
const refusedSenders: Record<string, [code: number, message: string]> = {
  '+15005550001': [21212, "The 'From' number +15005550001 is not a valid phone number."],
  '+15005550007': [21606, "The 'From' phone number +15005550007 is not a valid, SMS-capable number."],
  '+15005550008': [21611, 'This From number has exceeded the maximum number of queued messages.'],
};

/** What Twilio refuses although its contract does not say so. */
export function refusalOf(form: Form): [code: number, message: string] | undefined {
  const { To = '', From, MessagingServiceSid, Body, MediaUrl } = form;
  if (!From && !MessagingServiceSid) return [21603, "A 'From' phone number is required."];
  if (!Body && !MediaUrl) return [21602, 'Message body is required.'];
  if (String(Body ?? '').length > 1_600)
    return [21617, 'The concatenated message body exceeds the 1600 character limit.'];
  return refusedRecipients[String(To)] ?? refusedSenders[String(From)];
}

/** The message that the request creates. */
export function toMessage(form: Form): Partial<FakeMessage> {
  const body = String(form.Body ?? '');
  const media = [form.MediaUrl ?? []].flat();
  const service = form.MessagingServiceSid === undefined ? null : String(form.MessagingServiceSid);
  return {
    sid: `${media.length > 0 ? 'MM' : 'SM'}${randomBytes(16).toString('hex')}`,
    to: String(form.To),
    from: form.From === undefined ? null : String(form.From),
    messaging_service_sid: service,
    body,
    status: service === null ? 'queued' : 'accepted',
    num_media: String(media.length),
    // The service has not chosen a sender yet.
    num_segments: service === null ? String(new SegmentedMessage(body).segmentsCount) : '0',
  };
}
