import { SegmentedMessage } from 'sms-segments-calculator';

/** Twilio accepts no longer text, in UTF-16 units. */
export const maxBodyLength = 1_600;

/**
 * How many SMS parts a text takes (3GPP TS 23.038, 23.040); 1 for an empty one. An estimate: a Messaging Service may
 * replace characters, and Twilio's count is the one that counts. For a text too long to be sent, it is only a rough
 * figure.
 */
export function estimateSegments(text: string): number {
  // The calculator's time grows with the square of the length.
  if (text.length > maxBodyLength) return Math.ceil(text.length / 67);
  return Math.max(1, new SegmentedMessage(text).segmentsCount);
}
