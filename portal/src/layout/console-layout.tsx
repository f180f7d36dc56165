import { Building2, HeartPulse, Search, Server } from 'lucide-react';
import { NavLink } from '../ui/link.js';
import { Frame } from './frame.js';

const pages = [
  { to: 'tenants', title: 'Tenants', Icon: Building2 },
  { to: 'receivers', title: 'Receivers', Icon: HeartPulse },
  { to: 'search', title: 'Search', Icon: Search },
  { to: 'platform', title: 'Platform', Icon: Server },
];

/** An operator's pages, across tenants. */
export function ConsoleLayout() {
  return (
    <Frame
      suffix="Console"
      nav={
        <ul>
          {pages.map(({ to, title, Icon }) => (
            <li key={to}>
              <NavLink to={to}>
                <Icon aria-hidden="true" /> {title}
              </NavLink>
            </li>
          ))}
        </ul>
      }
    />
  );
}
