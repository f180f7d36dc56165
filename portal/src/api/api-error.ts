/** A call was refused, or had no answer. The message is the problem document's `detail` (RFC 9457). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    message: string,
    /** Null: there was no answer. */
    readonly status: number | null,
    /** The fields that were wrong, by their path in the body. */
    readonly fields: readonly { path: string; message: string }[] = [],
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

/** What is wrong with one field, or with a part of it; undefined: nothing. */
export function fieldError(error: unknown, path: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.fields.find((field) => field.path === path || field.path.startsWith(`${path}.`))?.message;
}

/** The error of an answer without 2xx. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  const requestId = response.headers.get('X-Request-Id');
  try {
    const problem = JSON.parse(text) as { detail?: string; errors?: { path: string; message: string }[] };
    return new ApiError(
      problem.detail ?? `The service answered ${response.status}.`,
      response.status,
      problem.errors ?? [],
      requestId,
    );
  } catch {
    return new ApiError(
      `The service answered ${response.status}. Try again in a moment.`,
      response.status,
      [],
      requestId,
    );
  }
}
