import { useEffect, useRef, useState } from 'react';
import { problemAfter, saveProblem } from './save-problem.js';
import type { Change, WebhookForm } from './webhook-form.js';

/** What is typed into the form of a webhook, and why it could not be saved. */
export function useWebhookForm(begin: () => WebhookForm) {
  const [form, setForm] = useState(begin);
  const [error, setError] = useState<unknown>(null);
  const [failures, setFailures] = useState(0);
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (failures > 0) element.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-error]')?.focus();
  }, [failures]);

  const change: Change = (part) => {
    const after = { ...form, ...part };
    setForm(after);
    setError(problemAfter(error, form, after));
  };
  const reset = (to: WebhookForm) => {
    setForm(to);
    setError(null);
  };
  /** Runs it; what it throws is shown. */
  const save = async (run: () => Promise<void>) => {
    setError(null);
    try {
      await run();
    } catch (failure) {
      setError(saveProblem(failure));
      setFailures((earlier) => earlier + 1);
    }
  };
  return { form, error, element, change, reset, save };
}
