import { problemOf } from '../source/problem.js';
import { ApiError } from './errors.js';

/** The data of a call's answer. Throws ApiError if it was refused. */
export function unwrap<Data>({ data, error, response }: { data?: Data; error?: unknown; response: Response }): Data {
  if (!response.ok) throw new ApiError(problemOf(error, response, response.url));
  return data as Data;
}
