import { useState, type FormEvent } from 'react';
import { useSessionState } from '../api/session.js';
import { Button } from '../ui/button.js';
import { Field } from '../ui/field.js';
import { GatePage } from './gate.js';

/** How an operator enters the console. */
export function SignIn({ hasEnded }: { hasEnded: boolean }) {
  const { signIn } = useSessionState();
  const [key, setKey] = useState('');
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      await signIn(key.trim());
    } catch (failure) {
      setError((failure as Error).message);
      setIsBusy(false);
    }
  };
  return (
    <GatePage title="Operator’s console">
      <p>{hasEnded ? 'Your session has ended. ' : ''}Sign in with a key of the platform that has the scope admin.</p>
      <form onSubmit={(event) => void submit(event)} className="stack">
        <Field label="Admin key" error={error}>
          <input
            type="password"
            autoComplete="current-password"
            spellCheck={false}
            required
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </Field>
        <Button kind="primary" type="submit" isBusy={isBusy}>
          Sign in
        </Button>
      </form>
    </GatePage>
  );
}
