import { LogOut, Menu, Moon, Sun, X } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Outlet, ScrollRestoration, useLocation } from 'react-router';
import { useSessionState } from '../api/session.js';
import { useToast } from '../ui/toast.js';
import { zoneName } from '../text/times.js';
import { EndsSoon } from './ends-soon.js';
import { Logo } from './logo.js';
import { useTheme } from './theme.js';

/** What surrounds every page: the menu at the side, on a phone below a button. */
export function Frame({
  suffix,
  head,
  nav,
  foot,
}: {
  suffix?: string;
  head?: ReactNode;
  nav: ReactNode;
  foot?: ReactNode;
}) {
  const { pathname } = useLocation();
  const [isOpen, setIsOpen] = useState(false);
  const [openedAt, setOpenedAt] = useState(pathname);
  if (openedAt !== pathname) {
    setOpenedAt(pathname);
    setIsOpen(false);
  }
  return (
    <div className="frame">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="sidebar" data-open={isOpen}>
        <div className="sidebar-head">
          <Logo {...(suffix !== undefined && { suffix })} />
          <button
            type="button"
            className="icon-button menu-button"
            aria-label={isOpen ? 'Close menu' : 'Open menu'}
            aria-expanded={isOpen}
            aria-controls="menu"
            onClick={() => setIsOpen(!isOpen)}
          >
            {isOpen ? <X aria-hidden="true" /> : <Menu aria-hidden="true" />}
          </button>
        </div>
        <div className="sidebar-menu" id="menu">
          {head}
          <nav aria-label="Pages">{nav}</nav>
          <div className="sidebar-foot">
            {foot}
            <span className="zone">Times in {zoneName()}</span>
            <div className="row">
              <ThemeButton />
              <SignOutButton />
            </div>
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <EndsSoon />
        <Outlet />
      </main>
      <ScrollRestoration />
    </div>
  );
}

function ThemeButton() {
  const { isDark, toggle } = useTheme();
  return (
    <button
      type="button"
      className="icon-button"
      onClick={toggle}
      aria-label={isDark ? 'Light colours' : 'Dark colours'}
    >
      {isDark ? <Sun aria-hidden="true" /> : <Moon aria-hidden="true" />}
    </button>
  );
}

function SignOutButton() {
  const { signOut } = useSessionState();
  const toast = useToast();
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => () => setIsBusy(false), []);
  const leave = () => {
    setIsBusy(true);
    signOut().catch((error: Error) => {
      setIsBusy(false);
      toast.error(error.message);
    });
  };
  return (
    <button type="button" className="icon-button" onClick={leave} disabled={isBusy} aria-label="Sign out">
      <LogOut aria-hidden="true" />
    </button>
  );
}
