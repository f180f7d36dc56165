import type { ReactNode } from 'react';
import { useSessionState } from '../api/session.js';
import { isConsole } from '../place.js';
import { Button } from '../ui/button.js';
import { Logo } from './logo.js';
import { SignIn } from './sign-in.js';

/** Shows the pages to whoever has a session, and to others how they get one. */
export function Gate({ children }: { children: ReactNode }) {
  const { state, reload } = useSessionState();
  switch (state.kind) {
    case 'open':
      return children;
    case 'loading':
      return <div className="gate" aria-busy="true" />;
    case 'failed':
      return (
        <GatePage title="The service does not answer">
          <p>{state.error.message}</p>
          <Button onClick={reload}>Try again</Button>
        </GatePage>
      );
    case 'none':
      if (isConsole) return <SignIn hasEnded={state.hasEnded} />;
      return (
        <GatePage title={state.hasEnded ? 'Your session has ended' : 'Open this portal from your platform'}>
          <p>
            {state.hasEnded
              ? 'You have signed out, the session has expired, or another one was opened in this browser. '
              : 'This portal opens with a link that your telephony platform makes for you. '}
            Go back to the platform and open the webhooks page there again.
          </p>
        </GatePage>
      );
  }
}

export function GatePage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="gate">
      <div className="gate-card">
        <Logo />
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
