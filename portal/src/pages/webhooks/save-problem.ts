import { ApiError } from '../../api/api-error.js';
import { typedSettings, type WebhookForm } from './webhook-form.js';

/** Why a form could not be saved; a filter that is no JSON is not sent at all. */
export function saveProblem(failure: unknown): unknown {
  if (failure instanceof SyntaxError)
    return notSaved(null, [{ path: 'filter', message: 'is not JSON; repair it, or empty it for no filter' }]);
  if (failure instanceof ApiError && failure.fields.length > 0) return notSaved(failure.status, failure.fields);
  return failure;
}

const notSaved = (status: number | null, fields: ApiError['fields']) =>
  new ApiError('Not saved. Change this, then try again:', status, fields);

/** What of a problem is left after a change: the fields that the change did not touch. Null: nothing. */
export function problemAfter(problem: unknown, before: WebhookForm, after: WebhookForm): unknown {
  if (!(problem instanceof ApiError) || problem.fields.length === 0) return problem;
  const [old, now] = [before, after].map(typedSettings);
  const fields = problem.fields.filter(({ path }) => {
    const setting = path.split('.')[0]!;
    return JSON.stringify(old![setting]) === JSON.stringify(now![setting]);
  });
  if (fields.length === problem.fields.length) return problem;
  return fields.length === 0 ? null : notSaved(problem.status, fields);
}
