import { z } from 'zod';
import { withoutQuotes } from '../../delivery/transform-error.js';
import type { Endpoint } from './endpoint.js';

/** Fields with what tenants send, receive and get back, wherever they are in an answer. */
export const bodyFields: readonly string[] = [
  'body',
  'payload',
  'response_body',
  'request_headers',
  'response_headers',
  'media_urls',
];

/** For the schemas of things that have such fields. */
export const bodiesHidden = z.literal(true).optional().meta({
  description:
    "Only in an operator's session: null stands for whatever the body, the headers and the response are. The calls `…/reveal` show them",
});

/**
 * A copy of an answer in which fields with bodies are null, and the things that have them say so (`bodies_hidden`). What
 * failed transforms reported, and may quote bodies, is left out of all texts.
 */
export function hideBodies(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(hideBodies);
  if (typeof answer === 'string') return withoutQuotes(answer);
  if (typeof answer !== 'object' || answer === null) return answer;
  const fields = Object.entries(answer);
  const copy = fields.map(([name, value]) => [name, bodyFields.includes(name) ? null : hideBodies(value)] as const);
  const hasBody = fields.some(([name]) => bodyFields.includes(name));
  return { ...Object.fromEntries(copy), ...(hasBody && { bodies_hidden: true }) };
}

/** Whether the answers are lines or a stream, in which nothing is hidden. */
export const answersAtLength = ({ responses }: Pick<Endpoint, 'responses'>): boolean =>
  Object.values(responses).some(({ lines, events }) => lines !== undefined || events !== undefined);
