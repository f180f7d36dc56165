import type { ComponentProps } from 'react';
import { Link as RouterLink, NavLink as RouterNavLink } from 'react-router';
import { useScope } from '../api/session.js';

/** A page of the same tenant: `to="webhooks/3"`, whether a tenant looks at it or an operator. */
export function Link({ to, ...rest }: Omit<ComponentProps<typeof RouterLink>, 'to'> & { to: string }) {
  const { base } = useScope();
  return <RouterLink to={`${base}/${to}`} {...rest} />;
}

/** A link of the menu: marked while its page, or one below it, is shown. */
export function NavLink({ to, ...rest }: Omit<ComponentProps<typeof RouterNavLink>, 'to'> & { to: string }) {
  const { base } = useScope();
  return <RouterNavLink to={`${base}/${to}`} end={to === ''} {...rest} />;
}

/** The absolute path of a tenant's page, for `useNavigate`. */
export function usePagePath(): (to: string) => string {
  const { base } = useScope();
  return (to) => `${base}/${to}`;
}
