import { createAddressGuard } from '../../src/delivery/address.js';
import type { AttemptOutcome, FinishedAttempt } from '../../src/delivery/outcome.js';
import { createPoster, type PostInput, type Poster, type PosterOptions } from '../../src/delivery/post.js';

/** A poster that may reach loopback, where the tests' receivers are. */
export const createTestPoster = (options: Partial<PosterOptions> = {}): Poster =>
  createPoster({ guard: createAddressGuard(['127.0.0.0/8', '::1/128']), allowHttp: true, ...options });

/** One attempt with defaults for everything that does not matter. */
export const postTo = (poster: Poster, url: string, input: Partial<PostInput> = {}): Promise<FinishedAttempt> =>
  poster.post({ url, headers: {}, body: '{}', timeoutMs: 10_000, ...input });

/** `accepted 200`, `rejected 500`, or the class and message of what went wrong. */
export function summary({ outcome }: { outcome: AttemptOutcome }): string {
  if (outcome.kind === 'unreachable') return `${outcome.errorClass}: ${outcome.message}`;
  return `${outcome.kind} ${outcome.response.statusCode}`;
}
